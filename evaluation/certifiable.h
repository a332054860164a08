#pragma once

#include <cstdint>
#include <vector>

#include "experience/journey_reader.h"
#include "policy/policy.h"

namespace journeyman::evaluation {

struct CertifiableShare {
  double share = 0;                                     // e
  std::vector<double> predicted_effective_sample_size;  // by decision, at e
};

// Largest e in [0, 1] (to 1/1024) for which the mixture (1 - e) mu + e agent is
// predicted to keep at least `wanted` effective people at every decision, when
// `people_judged` people are held out: the effective sample size by decision of
// the journeys that `reader` reads (training people), scaled by
// people_judged / people read. (architecture.md section 3.) Weights per decision
// are (1 - e) + e * agent(a|x) / mu(a|x), mu = the logged propensity. Where even
// the behaviour policy itself (e = 0) does not keep enough, the share is 0 and
// the predicted sizes show it.
//
// Both functions block for the disk; they throw core::Error(kBadData) on an
// unpropensed dataset and where the policy does not fit it,
// FindCertifiableShare also where the reader reads nobody.
CertifiableShare FindCertifiableShare(const experience::JourneyReader& reader,
                                      const policy::Policy& agent, double wanted,
                                      int64_t people_judged);

// Largest |behaviour(a|x) - logged propensity| over the decisions read: how well
// a bundle reproduces the logging.
double LargestPropensityGap(const experience::JourneyReader& reader,
                            const policy::Policy& behaviour);

}  // namespace journeyman::evaluation
