#include "core/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/error.h"

namespace journeyman::core {

namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string PatternFor(const std::string& prefix) {
  std::string pattern = "%Y-%m-%d %H:%M:%S.%e ";
  if (!prefix.empty()) {
    pattern += '[';
    for (const char character : prefix) pattern.append(character == '%' ? 2 : 1, character);
    pattern += "] ";
  }
  return pattern + "%l: %v";
}

std::shared_ptr<spdlog::sinks::sink> OpenFileSink(const std::filesystem::path& file) {
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
  } catch (const spdlog::spdlog_ex& failure) {
    throw Error(ExitCode::kIo, StrCat("cannot open the log file ", file, ": ", failure.what(), "."),
                "Check that its directory exists and can be written to.");
  }
}

std::shared_ptr<spdlog::logger> MakeLogger(const LogConfig& config) {
  std::vector<std::shared_ptr<spdlog::sinks::sink>> sinks;
  if (config.to_stderr) sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (config.file) sinks.push_back(OpenFileSink(*config.file));
  auto logger = std::make_shared<spdlog::logger>("journeyman", sinks.begin(), sinks.end());
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      PatternFor(config.prefix), spdlog::pattern_time_type::utc));
  logger->set_level(ToSpdlog(config.level));
  logger->flush_on(spdlog::level::trace);
  return logger;
}

// Shared ownership: a thread may still be writing through the former logger while it is replaced.
class CurrentLogger {
 public:
  std::shared_ptr<spdlog::logger> Get() {
    std::lock_guard lock(mutex_);
    return logger_;
  }
  void Replace(std::shared_ptr<spdlog::logger> logger, LogLevel level) {
    std::lock_guard lock(mutex_);
    logger_.swap(logger);
    level_ = level;
  }
  LogLevel level() const { return level_; }

 private:
  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_ = MakeLogger(LogConfig());
  std::atomic<LogLevel> level_ = LogConfig().level;
};

CurrentLogger& Current() {
  // Never destroyed: threads may still log while the process exits.
  static CurrentLogger& current = *new CurrentLogger;
  return current;
}

constexpr std::array kLevels = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                                LogLevel::kError};

}  // namespace

void ConfigureLogging(const LogConfig& config) {
  Current().Replace(MakeLogger(config), config.level);
}

void Log(LogLevel level, std::string_view message) {
  Current().Get()->log(ToSpdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

bool LogEnabled(LogLevel level) { return level >= Current().level(); }

const char* Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "unknown";
}

std::optional<LogLevel> ParseLogLevel(std::string_view text) {
  for (const LogLevel level : kLevels) {
    if (text == Name(level)) return level;
  }
  return std::nullopt;
}

}  // namespace journeyman::core
