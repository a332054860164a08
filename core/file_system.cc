#include "core/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/io_error.h"
#include "core/strings.h"

namespace journeyman::core {

namespace {

// An open file, closed at the end of the scope unless Close() was called.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

  // 0, or the errno of a delayed write error, which some network file systems report only here.
  [[nodiscard]] int Close() {
    const int number = std::exchange(number_, -1);
    return close(number) == 0 ? 0 : errno;
  }

 private:
  int number_;
};

void WriteAll(const Descriptor& file, const Path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ThrowWriteError("write", path, written < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

class PosixFileSystem final : public FileSystem {
 public:
  std::vector<std::byte> ReadFile(const Path& path) override;
  void WriteDurable(const Path& path, std::span<const std::byte> bytes) override;
  void Rename(const Path& from, const Path& to) override;
  void SyncDirectory(const Path& path) override;
  void MakeDirectories(const Path& path) override;
  void RemoveTree(const Path& path) override;
  bool Exists(const Path& path) override;
  std::vector<std::string> List(const Path& directory) override;
  uint64_t FileSize(const Path& path) override;
};

std::vector<std::byte> PosixFileSystem::ReadFile(const Path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) ThrowReadError("read", path, errno);
  struct stat status;
  if (fstat(file.number(), &status) != 0) ThrowReadError("read", path, errno);
  // One byte more than the stated size: the read that finds the end then needs no growth.
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size) + 1);
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const ssize_t count = read(file.number(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ThrowReadError("read", path, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return bytes;
}

void PosixFileSystem::WriteDurable(const Path& path, std::span<const std::byte> bytes) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.open()) ThrowWriteError("create", path, errno);
  WriteAll(file, path, bytes);
  if (fsync(file.number()) != 0) ThrowWriteError("fsync", path, errno);
  if (const int failure = file.Close()) ThrowWriteError("close", path, failure);
}

void PosixFileSystem::Rename(const Path& from, const Path& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return;
  const int failure = errno;
  ThrowReadError(StrCat("rename to ", to), from, failure);
}

void PosixFileSystem::SyncDirectory(const Path& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open()) ThrowReadError("open the directory", path, errno);
  // EINVAL: this file system has no such call for directories, and nothing more can be done.
  if (fsync(directory.number()) != 0 && errno != EINVAL) {
    ThrowWriteError("fsync the directory", path, errno);
  }
}

void PosixFileSystem::MakeDirectories(const Path& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) ThrowWriteError("create the directory", path, failure.value());
}

void PosixFileSystem::RemoveTree(const Path& path) {
  std::error_code failure;
  std::filesystem::remove_all(path, failure);
  if (failure) ThrowWriteError("remove", path, failure.value());
}

bool PosixFileSystem::Exists(const Path& path) {
  std::error_code failure;
  const bool exists = std::filesystem::exists(path, failure);
  if (failure) ThrowReadError("look up", path, failure.value());
  return exists;
}

std::vector<std::string> PosixFileSystem::List(const Path& directory) {
  std::error_code failure;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(directory, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(failure);
  }
  if (failure) ThrowReadError("list", directory, failure.value());
  std::sort(names.begin(), names.end());
  return names;
}

uint64_t PosixFileSystem::FileSize(const Path& path) {
  std::error_code failure;
  const uint64_t size = std::filesystem::file_size(path, failure);
  if (failure) ThrowReadError("get the size of", path, failure.value());
  return size;
}

}  // namespace

std::string FileSystem::ReadText(const Path& path) {
  const std::vector<std::byte> bytes = ReadFile(path);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void FileSystem::WriteTextDurable(const Path& path, std::string_view text) {
  WriteDurable(path, std::as_bytes(std::span(text)));
}

FileSystem& RealFileSystem() {
  static PosixFileSystem files;
  return files;
}

void WriteAtomically(FileSystem& files, const Path& path, std::span<const std::byte> bytes) {
  Path temporary = path;
  temporary += StrCat(".tmp.", static_cast<int64_t>(getpid()));
  // The error is passed on unchanged; caught here only because the temporary file must go.
  try {
    files.WriteDurable(temporary, bytes);
    files.Rename(temporary, path);
  } catch (const Error&) {
    try {
      files.RemoveTree(temporary);
    } catch (const Error&) {
      // The first error says more.
    }
    throw;
  }
  files.SyncDirectory(path.has_parent_path() ? path.parent_path() : Path("."));
}

void WriteAtomically(FileSystem& files, const Path& path, std::string_view text) {
  WriteAtomically(files, path, std::as_bytes(std::span(text)));
}

}  // namespace journeyman::core
