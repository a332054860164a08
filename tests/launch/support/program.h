#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace journeyman::testing {

// How a started program ended and what it said.
struct ProgramEnd {
  int status = -1;      // exit status, or 128 + signal
  std::string out;      // standard output
  std::string err;      // standard error
  double seconds = 0;
};

using Environment = std::map<std::string, std::string>;

// Runs a command to its end; fails the test after `limit_s` and kills it.
ProgramEnd RunProgram(const std::vector<std::string>& command, const Environment& environment = {},
                      int limit_s = 240);

// The built program with these words.
ProgramEnd Journeyman(const std::vector<std::string>& words, const Environment& environment = {});

// mpirun -n RANKS journeyman train RUN ..., through `journeyman launch`.
std::vector<std::string> LaunchCommand(int ranks, const std::vector<std::string>& train_words,
                                       const std::vector<std::string>& launch_options = {});

// A started program that can be signalled while it runs.
class RunningProgram {
 public:
  RunningProgram(const std::vector<std::string>& command, const Environment& environment = {});
  ~RunningProgram();  // kills it where it still runs
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void Signal(int signal);
  bool Running();
  // What it wrote to standard error so far.
  const std::filesystem::path& err() const { return err_; }
  ProgramEnd Wait(int limit_s = 240);

 private:
  int64_t pid_ = -1;
  std::filesystem::path out_;
  std::filesystem::path err_;
  int status_ = -1;
  bool ended_ = false;
  double start_ = 0;
};

// A small simulated dataset (rule policy, `people` customers, 8 partitions),
// made once per process under a temporary directory.
struct SmallWorld {
  std::filesystem::path directory;
  std::string dataset;
  std::string initial_bundle;
  std::string mapping;
};
const SmallWorld& SmallWorldOnce(int people = 400);

// Hash of every buffer (parameters, target, moments, priorities) and the step
// of a run's newest published checkpoint: equal text, equal bits.
std::string CheckpointHash(const std::filesystem::path& run);

// Waits until `file` is there and holds `text`, or until `program` has ended or two
// minutes have passed, which fail the test.
void AwaitText(RunningProgram& program, const std::filesystem::path& file,
               const std::string& text);

// Waits until the coordinator of `run` has reported a step of at least `step`, or
// until `program` has ended.
void AwaitProgress(RunningProgram& program, const std::filesystem::path& run, int64_t step);

// Options of a short training job on the small world.
std::vector<std::string> ShortTraining(const std::filesystem::path& run, int64_t steps = 200);

}  // namespace journeyman::testing
