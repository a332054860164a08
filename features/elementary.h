#pragma once

// Logarithm and exponential by own series in double precision, so that neither a transform nor the
// fit behind it depends on the libm of a machine: learner and engine, built anywhere, see the same
// float32 vector. Only + - * / of IEEE doubles without contraction (see CMakeLists.txt), so equal
// arguments give equal bits. Pure.
namespace journeyman::features {

// Natural logarithm; relative error below 1e-15 (absolute near 1). Throws core::Error(kBug) unless
// x is a finite normal number above 0.
double Log(double x);

// e^x; relative error below 1e-15. Throws core::Error(kBug) unless |x| <= 708, where the result is
// neither 0 nor infinite.
double Exp(double x);

}  // namespace journeyman::features
