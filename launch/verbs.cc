#include "launch/verbs.h"

#include <array>

namespace journeyman::launch {

std::span<const Verb> Verbs() {
  static constexpr std::array kVerbs = {
      Verb{"simulate", "log journeys of a built-in world whose truth is known", &RunSimulate},
      Verb{"import", "turn decision tables and a mapping into a dataset", &RunImport},
      Verb{"train", "train an agent on a dataset: threads, or ranks under mpirun and srun",
           &RunTrain},
      Verb{"launch", "start and supervise a train job; gives its true exit code", &RunLaunch},
      Verb{"evaluate", "estimate what policies would have earned, with intervals", &RunEvaluate},
      Verb{"publish", "the gate: write a policy bundle, or refuse with reasons", &RunPublish},
      Verb{"compact", "merge the imports of a dataset; drop versions that no run needs",
           &RunCompact},
      Verb{"forget", "remove a person from a dataset and revoke what was trained on them",
           &RunForget},
      Verb{"inspect", "show a dataset, run or bundle and verify its hashes", &RunInspect},
  };
  return kVerbs;
}

}  // namespace journeyman::launch
