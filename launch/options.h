#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace journeyman::launch {

// The options of one verb: each key bound to a field of a component's config
// struct, which holds the default. Values come from, in falling precedence:
// command line (--key value or --key=value), environment
// (JOURNEYMAN_<KEY>, '.' as '_', upper case), --config FILE (key=value lines
// under [section] headings, as --print-config writes them), default.
//
// Every table also takes --help, --config FILE and --print-config. Keys are
// "component.name". Positional arguments are those after the verb without
// dashes. Used by one thread, at start.
class OptionTable {
 public:
  // `example` is one command line shown by --help.
  OptionTable(std::string verb, std::string purpose, std::string example);

  // The target must outlive the table. Supported: std::string, int, int64_t,
  // uint64_t, double, bool, std::vector<int64_t> ("64,64"),
  // std::vector<std::string> (comma-separated), std::optional<double>.
  template <class T>
  void Add(std::string key, T* target, std::string help);
  // A repeatable option: each use appends, commas separate, and a stronger source
  // replaces what a weaker one gave.
  void AddRepeated(std::string key, std::vector<std::string>* target, std::string help);
  // Words after the verb, in order; the last target may take all that remain.
  void AddPositional(std::string name, std::string* target, std::string help);
  void AddRest(std::string name, std::vector<std::string>* target, std::string help);

  enum class Outcome { kRun, kDone };  // kDone: help or config was printed
  // `arguments`: everything after the verb. Throws core::Error: kUsage for what
  // is wrong on the command line or in the environment, kConfig for the file,
  // each naming key and value, with "did you mean".
  [[nodiscard]] Outcome Parse(const std::vector<std::string>& arguments, std::ostream& out);

  // All keys with their present values, by component, in the form that --config
  // reads.
  std::string Resolved() const;
  // "key=value" of the keys for which `decides` is true, sorted; for hashes.
  std::string Canonical(const std::function<bool(const std::string& key)>& decides) const;
  std::vector<std::string> Keys() const;

 private:
  struct Option {
    std::string key;
    std::string help;
    bool is_flag = false;   // bool: may stand without a value
    bool repeated = false;
    std::function<void(const std::string& text)> set;  // throws std::string on a bad value
    std::function<std::string()> get;
    std::function<void()> clear;  // repeated options only
    std::string source;           // who set it last; empty = default
  };
  struct Positional {
    std::string name;
    std::string help;
    std::string* target = nullptr;
    std::vector<std::string>* rest = nullptr;
  };

  // What stands on a command line.
  struct Given {
    bool help = false;
    bool print_config = false;
    std::string config;
    std::vector<std::pair<std::string, std::string>> values;
    std::vector<std::string> words;
  };

  void AddOption(Option option);
  const Option* Find(const std::string& key) const;
  Option* Find(const std::string& key);
  Given Split(const std::vector<std::string>& arguments) const;
  void AssignWords(const std::vector<std::string>& words);
  void Assign(Option& option, const std::string& text, int code, const std::string& source);
  void ReadEnvironment();
  void ReadFile(const std::string& path);
  void PrintHelp(std::ostream& out) const;

  std::string verb_;
  std::string purpose_;
  std::string example_;
  std::vector<Option> options_;
  std::vector<Positional> positionals_;
};

}  // namespace journeyman::launch
