#pragma once

#include <span>
#include <string>
#include <vector>

namespace journeyman::launch {

// One verb of the `journeyman` command. `run` takes the words after the verb,
// prints results to standard output and returns the exit code; it throws
// core::Error for everything else.
struct Verb {
  const char* name;
  const char* purpose;
  int (*run)(const std::vector<std::string>& arguments);
};

int RunSimulate(const std::vector<std::string>& arguments);
int RunImport(const std::vector<std::string>& arguments);
int RunTrain(const std::vector<std::string>& arguments);
int RunLaunch(const std::vector<std::string>& arguments);
int RunEvaluate(const std::vector<std::string>& arguments);
int RunPublish(const std::vector<std::string>& arguments);
int RunCompact(const std::vector<std::string>& arguments);
int RunForget(const std::vector<std::string>& arguments);
int RunInspect(const std::vector<std::string>& arguments);

// All verbs, in the order of use.
std::span<const Verb> Verbs();

}  // namespace journeyman::launch
