#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace journeyman::core {

using Path = std::filesystem::path;

// Whole-file access with errors that name the path, and the durable steps out of which checkpoints
// and publications are made. An interface, so that tests can fail any operation. All calls block
// until the device answers.
//
// Throws Error(kMissingInput) when what should be read, listed or renamed is not there, and
// Error(kIo) with the path, the system's message and a hint for everything else (full disk, failed
// device, refused permission, a write that ended early). The real one is thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual std::vector<std::byte> ReadFile(const Path& path) = 0;

  // Creates or truncates `path` itself, writes all bytes and fsyncs the file. Not atomic: a crash
  // may leave any prefix; the new name is durable only after SyncDirectory of its directory.
  virtual void WriteDurable(const Path& path, std::span<const std::byte> bytes) = 0;

  // Atomic within a file system; replaces a file at `to`. Durable only after SyncDirectory.
  virtual void Rename(const Path& from, const Path& to) = 0;

  // Makes names created, renamed or removed in the directory durable.
  virtual void SyncDirectory(const Path& path) = 0;

  // With parents; a directory that exists is no error.
  virtual void MakeDirectories(const Path& path) = 0;

  // Removes a file or a whole directory; one that does not exist is no error.
  virtual void RemoveTree(const Path& path) = 0;

  virtual bool Exists(const Path& path) = 0;

  // Names (without the directory) of the entries of `directory`, sorted by byte value.
  virtual std::vector<std::string> List(const Path& directory) = 0;

  virtual uint64_t FileSize(const Path& path) = 0;

  // ReadFile and WriteDurable for text.
  std::string ReadText(const Path& path);
  void WriteTextDurable(const Path& path, std::string_view text);
};

// The operating system's; it has no state.
FileSystem& RealFileSystem();

// Readers of `path` see the old content or the whole new one, also after a crash: writes
// "<path>.tmp.<pid>" in the same directory, fsyncs, renames, fsyncs the directory. On an error the
// old content stays and the temporary file is removed if the file system still allows it. Two
// threads of a process must not write one path at a time.
void WriteAtomically(FileSystem& files, const Path& path, std::span<const std::byte> bytes);
void WriteAtomically(FileSystem& files, const Path& path, std::string_view text);

}  // namespace journeyman::core
