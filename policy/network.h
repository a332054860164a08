#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace journeyman::policy {

// What the engine needs to know to run a network; written by the learner into
// the bundle's manifest. Tensors are row-major float32 named
//   trunk.<i>.weight [out, in], trunk.<i>.bias [out]      i = 0..hidden-1
//   head.weight [outputs, width], head.bias [outputs]      (plain)
//   value.weight [1, width], value.bias [1],               (dueling)
//   advantage.weight [outputs, width], advantage.bias [outputs]
// with ReLU between trunk layers. Dueling: Q = V + A - mean(A) over all actions
// (Wang et al. 2016, eq. 9).
struct NetworkArchitecture {
  std::string type = "mlp";  // the only type so far
  int64_t inputs = 0;
  std::vector<int64_t> hidden;  // widths
  int64_t outputs = 0;          // actions * heads
  int64_t heads = 1;            // FQE: one head per evaluated policy; output
                                // index = head * actions + action
  bool dueling = false;         // REQUIRES heads == 1

  // Throws core::Error(kBadData) naming the field and its limit.
  void Validate() const;

  std::string ToJson() const;
  // Validates too.
  static NetworkArchitecture FromJson(std::string_view json);
  // Tensor name -> shape, in the canonical order above.
  std::vector<std::pair<std::string, std::vector<int64_t>>> Tensors() const;
};

using WeightMap = std::map<std::string, std::vector<float>>;

// Feed-forward inference without LibTorch. One row at a time with a fixed
// summation order (each output adds its inputs from first to last, in float32,
// on any vector width), so one binary gives one answer everywhere; agrees with
// the training network to 1e-5 * max(1, |x|). Immutable; thread-safe.
class Network {
 public:
  // Throws core::Error(kBadData) naming a missing tensor or a wrong size.
  Network(const NetworkArchitecture& architecture, const WeightMap& weights);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  const NetworkArchitecture& architecture() const;
  // input: [inputs], output: [outputs].
  void Forward(std::span<const float> input, std::span<float> output) const;

 private:
  struct Layers;
  std::unique_ptr<const Layers> layers_;
};

// exp(x) for x <= 0 (core::Error(kBug) above, or for NaN) by own polynomial in
// double precision (relative error below 1e-12, 0 below -708), so that
// probabilities do not depend on a libm.
double DeterministicExp(double x);

}  // namespace journeyman::policy
