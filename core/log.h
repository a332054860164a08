#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/strings.h"

namespace journeyman::core {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;           // messages below it are dropped
  std::optional<std::filesystem::path> file;  // appended to; directories are created
  std::string prefix;                         // such as "learner-2"; "" writes none
  bool to_stderr = true;                      // standard output is for results only
};

// Replaces the process's one logger. A line is
//   2025-01-31 12:00:00.123 [learner-2] warning: text
// with UTC time, handed to the operating system at once, so that a killed process loses none.
// Throws Error(kIo) if the file cannot be opened; the former logger then stays. Before the first
// call, messages of level kInfo and above go to standard error. All functions here may be called
// from any thread, also during a ConfigureLogging of another; none from a signal handler.
void ConfigureLogging(const LogConfig& config);

// Writes one line. Braces and percent signs in `message` have no meaning.
void Log(LogLevel level, std::string_view message);

// Whether a message of `level` would be written; guards messages that are costly to build.
bool LogEnabled(LogLevel level);

// "debug", "info", "warning" or "error".
const char* Name(LogLevel level);

// The level called `text` (as Name spells it), or nothing.
std::optional<LogLevel> ParseLogLevel(std::string_view text);

template <class... Pieces>
void LogDebug(const Pieces&... pieces) {
  if (LogEnabled(LogLevel::kDebug)) Log(LogLevel::kDebug, StrCat(pieces...));
}

template <class... Pieces>
void LogInfo(const Pieces&... pieces) {
  if (LogEnabled(LogLevel::kInfo)) Log(LogLevel::kInfo, StrCat(pieces...));
}

template <class... Pieces>
void LogWarning(const Pieces&... pieces) {
  if (LogEnabled(LogLevel::kWarning)) Log(LogLevel::kWarning, StrCat(pieces...));
}

template <class... Pieces>
void LogError(const Pieces&... pieces) {
  if (LogEnabled(LogLevel::kError)) Log(LogLevel::kError, StrCat(pieces...));
}

}  // namespace journeyman::core
