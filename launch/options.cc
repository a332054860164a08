#include "launch/options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <ostream>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::launch {
namespace {

namespace po = boost::program_options;
using core::ExitCode;
using core::StrCat;

// Parse(text) -> value, or throws a std::string that says what was expected.
template <class T>
struct Codec;

template <>
struct Codec<std::string> {
  static std::string Parse(const std::string& text) { return text; }
  static std::string Format(const std::string& value) { return value; }
};

template <>
struct Codec<int64_t> {
  static int64_t Parse(const std::string& text) {
    if (const auto value = core::ParseInt64(text)) return *value;
    throw std::string("a whole number");
  }
  static std::string Format(int64_t value) { return StrCat(value); }
};

template <>
struct Codec<int> {
  static int Parse(const std::string& text) {
    const auto value = core::ParseInt64(text);
    if (value && *value >= INT32_MIN && *value <= INT32_MAX) return static_cast<int>(*value);
    throw std::string("a whole number of at most 2147483647");
  }
  static std::string Format(int value) { return StrCat(value); }
};

template <>
struct Codec<uint64_t> {
  static uint64_t Parse(const std::string& text) {
    if (const auto value = core::ParseUint64(text)) return *value;
    throw std::string("a whole number, not negative");
  }
  static std::string Format(uint64_t value) { return StrCat(value); }
};

template <>
struct Codec<double> {
  static double Parse(const std::string& text) {
    if (const auto value = core::ParseDouble(text)) return *value;
    throw std::string("a number");
  }
  static std::string Format(double value) { return core::FormatDouble(value); }
};

template <>
struct Codec<bool> {
  static bool Parse(const std::string& text) {
    if (text == "true" || text == "1" || text == "yes" || text.empty()) return true;
    if (text == "false" || text == "0" || text == "no") return false;
    throw std::string("true or false");
  }
  static std::string Format(bool value) { return value ? "true" : "false"; }
};

template <>
struct Codec<std::optional<double>> {
  static std::optional<double> Parse(const std::string& text) {
    if (text.empty() || text == "none") return std::nullopt;
    if (const auto value = core::ParseDouble(text)) return *value;
    throw std::string("a number or none");
  }
  static std::string Format(const std::optional<double>& value) {
    return value ? core::FormatDouble(*value) : "none";
  }
};

template <>
struct Codec<std::vector<std::string>> {
  static std::vector<std::string> Parse(const std::string& text) {
    std::vector<std::string> parts;
    for (const std::string& part : core::Split(text, ',')) {
      if (!core::Trim(part).empty()) parts.push_back(core::Trim(part));
    }
    return parts;
  }
  static std::string Format(const std::vector<std::string>& value) {
    std::string text;
    for (const std::string& part : value) text += (text.empty() ? "" : ",") + part;
    return text;
  }
};

template <>
struct Codec<std::vector<int64_t>> {
  static std::vector<int64_t> Parse(const std::string& text) {
    std::vector<int64_t> values;
    for (const std::string& part : Codec<std::vector<std::string>>::Parse(text)) {
      const auto value = core::ParseInt64(part);
      if (!value) throw std::string("whole numbers separated by commas");
      values.push_back(*value);
    }
    return values;
  }
  static std::string Format(const std::vector<int64_t>& value) {
    std::string text;
    for (const int64_t part : value) text += StrCat(text.empty() ? "" : ",", part);
    return text;
  }
};

std::string EnvironmentName(const std::string& key) {
  std::string name = "JOURNEYMAN_";
  for (const char c : key) {
    name += c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(c));
  }
  return name;
}

std::string HintFor(const std::string& key, const std::vector<std::string>& known) {
  const std::string closest = core::Closest(key, known);
  return closest.empty() ? "--help lists the keys" : StrCat("did you mean ", closest, "?");
}

}  // namespace

OptionTable::OptionTable(std::string verb, std::string purpose, std::string example)
    : verb_(std::move(verb)), purpose_(std::move(purpose)), example_(std::move(example)) {}

void OptionTable::AddOption(Option option) {
  JOURNEYMAN_CHECK(Find(option.key) == nullptr, "option ", option.key, " is declared twice");
  options_.push_back(std::move(option));
}

template <class T>
void OptionTable::Add(std::string key, T* target, std::string help) {
  Option option;
  option.key = std::move(key);
  option.help = std::move(help);
  option.is_flag = std::is_same_v<T, bool>;
  option.set = [target](const std::string& text) { *target = Codec<T>::Parse(text); };
  option.get = [target] { return Codec<T>::Format(*target); };
  AddOption(std::move(option));
}

template void OptionTable::Add(std::string, std::string*, std::string);
template void OptionTable::Add(std::string, int*, std::string);
template void OptionTable::Add(std::string, int64_t*, std::string);
template void OptionTable::Add(std::string, uint64_t*, std::string);
template void OptionTable::Add(std::string, double*, std::string);
template void OptionTable::Add(std::string, bool*, std::string);
template void OptionTable::Add(std::string, std::optional<double>*, std::string);
template void OptionTable::Add(std::string, std::vector<std::string>*, std::string);
template void OptionTable::Add(std::string, std::vector<int64_t>*, std::string);

void OptionTable::AddRepeated(std::string key, std::vector<std::string>* target,
                              std::string help) {
  Option option;
  option.key = std::move(key);
  option.help = std::move(help) + " (may be repeated)";
  option.repeated = true;
  option.set = [target](const std::string& text) {
    for (std::string& part : Codec<std::vector<std::string>>::Parse(text)) {
      target->push_back(std::move(part));
    }
  };
  option.clear = [target] { target->clear(); };
  option.get = [target] { return Codec<std::vector<std::string>>::Format(*target); };
  AddOption(std::move(option));
}

void OptionTable::AddPositional(std::string name, std::string* target, std::string help) {
  positionals_.push_back({std::move(name), std::move(help), target, nullptr});
}

void OptionTable::AddRest(std::string name, std::vector<std::string>* target, std::string help) {
  positionals_.push_back({std::move(name), std::move(help), nullptr, target});
}

const OptionTable::Option* OptionTable::Find(const std::string& key) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const Option& option) { return option.key == key; });
  return found == options_.end() ? nullptr : &*found;
}

OptionTable::Option* OptionTable::Find(const std::string& key) {
  return const_cast<Option*>(std::as_const(*this).Find(key));
}

void OptionTable::Assign(Option& option, const std::string& text, int code,
                         const std::string& source) {
  // A stronger source replaces what a weaker one said; one source may repeat.
  if (option.repeated && option.source != source) option.clear();
  option.source = source;
  try {
    option.set(text);
  } catch (const std::string& expected) {
    throw core::Error(static_cast<ExitCode>(code),
                      StrCat(source, ": ", option.key, " = '", text, "' is not ", expected),
                      option.help);
  }
}

void OptionTable::ReadEnvironment() {
  for (Option& option : options_) {
    const std::string name = EnvironmentName(option.key);
    if (const char* text = std::getenv(name.c_str())) {
      Assign(option, text, core::ToInt(ExitCode::kUsage), StrCat("environment ", name));
    }
  }
}

void OptionTable::ReadFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) {
    throw core::Error(ExitCode::kMissingInput, StrCat("cannot read the configuration ", path));
  }
  po::options_description any;
  po::parsed_options parsed(&any);
  try {
    parsed = po::parse_config_file(in, any, /*allow_unregistered=*/true);
  } catch (const po::error& error) {
    throw core::Error(ExitCode::kConfig, StrCat(path, ": ", error.what()),
                      "lines are key=value, [section] or # comment");
  }
  for (const auto& entry : parsed.options) {
    Option* option = Find(entry.string_key);
    if (option == nullptr) {
      throw core::Error(ExitCode::kConfig,
                        StrCat(path, ": unknown key '", entry.string_key, "'"),
                        HintFor(entry.string_key, Keys()));
    }
    const std::string text = entry.value.empty() ? "" : entry.value.back();
    Assign(*option, text, core::ToInt(ExitCode::kConfig), path);
  }
}

OptionTable::Given OptionTable::Split(const std::vector<std::string>& arguments) const {
  Given given;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "-h" || argument == "--help") {
      given.help = true;
      return given;
    }
    if (argument == "--") {
      given.words.insert(given.words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                         arguments.end());
      return given;
    }
    if (argument.rfind("--", 0) != 0) {
      given.words.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string key = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (key == "print-config") {
      given.print_config = true;
      continue;
    }
    const Option* option = Find(key);
    if (option == nullptr && key != "config") {
      throw core::Error(ExitCode::kUsage, StrCat("journeyman ", verb_, ": unknown option --", key),
                        HintFor(key, Keys()));
    }
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (option == nullptr || !option->is_flag) {
      if (i + 1 == arguments.size()) {
        throw core::Error(ExitCode::kUsage, StrCat("--", key, " needs a value"));
      }
      value = arguments[++i];
    }
    if (key == "config") {
      given.config = value;
    } else {
      given.values.emplace_back(key, value);
    }
  }
  return given;
}

void OptionTable::AssignWords(const std::vector<std::string>& words) {
  size_t used = 0;
  for (const Positional& positional : positionals_) {
    if (positional.rest != nullptr) {
      positional.rest->assign(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
      used = words.size();
    } else if (used < words.size()) {
      *positional.target = words[used++];
    }
  }
  if (used < words.size()) {
    throw core::Error(ExitCode::kUsage,
                      StrCat("journeyman ", verb_, ": unexpected word '", words[used], "'"),
                      "options start with --; --help shows an example");
  }
}

OptionTable::Outcome OptionTable::Parse(const std::vector<std::string>& arguments,
                                        std::ostream& out) {
  const Given given = Split(arguments);
  if (given.help) {
    PrintHelp(out);
    return Outcome::kDone;
  }
  if (!given.config.empty()) ReadFile(given.config);
  ReadEnvironment();
  for (const auto& [key, value] : given.values) {
    Assign(*Find(key), value, core::ToInt(ExitCode::kUsage), "command line");
  }
  AssignWords(given.words);
  if (given.print_config) {
    out << Resolved();
    return Outcome::kDone;
  }
  return Outcome::kRun;
}

std::string OptionTable::Resolved() const {
  std::map<std::string, std::vector<const Option*>> by_section;
  for (const Option& option : options_) {
    const size_t dot = option.key.find('.');
    by_section[dot == std::string::npos ? "" : option.key.substr(0, dot)].push_back(&option);
  }
  std::string text;
  for (const auto& [section, options] : by_section) {
    if (!section.empty()) text += StrCat("\n[", section, "]\n");
    for (const Option* option : options) {
      const std::string name =
          section.empty() ? option->key : option->key.substr(section.size() + 1);
      text += StrCat("# ", option->help, "\n", name, "=", option->get(), "\n");
    }
  }
  return text;
}

std::string OptionTable::Canonical(
    const std::function<bool(const std::string& key)>& decides) const {
  std::map<std::string, std::string> chosen;
  for (const Option& option : options_) {
    if (decides(option.key)) chosen[option.key] = option.get();
  }
  std::string text;
  for (const auto& [key, value] : chosen) text += StrCat(key, "=", value, "\n");
  return text;
}

std::vector<std::string> OptionTable::Keys() const {
  std::vector<std::string> keys;
  for (const Option& option : options_) keys.push_back(option.key);
  return keys;
}

void OptionTable::PrintHelp(std::ostream& out) const {
  out << "journeyman " << verb_;
  for (const Positional& positional : positionals_) {
    out << ' ' << positional.name << (positional.rest != nullptr ? "..." : "");
  }
  out << "\n\n" << purpose_ << "\n\nExample:\n  " << example_ << "\n\nOptions:\n";
  for (const Positional& positional : positionals_) {
    out << "  " << positional.name << "\n      " << positional.help << '\n';
  }
  out << "  --config FILE\n      options from a file, as --print-config writes them\n"
      << "  --print-config\n      print all options with their values and end\n";
  for (const Option& option : options_) {
    out << "  --" << option.key << (option.is_flag ? "" : " VALUE") << "\n      " << option.help;
    const std::string value = option.get();
    if (!value.empty()) out << " [" << value << ']';
    out << '\n';
  }
  out << "\nEach option can also come from the environment, e.g. "
      << EnvironmentName(options_.empty() ? "key" : options_.front().key) << ".\n";
}

}  // namespace journeyman::launch
