#include "core/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "core/io_error.h"
#include "core/log.h"

namespace journeyman::core {

namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

// The size of the file up to and with its last newline, or -1 with errno set.
off_t SizeOfWholeLines(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return -1;
  std::array<char, 4096> chunk;
  for (off_t end = status.st_size; end > 0;) {
    const off_t begin = end > off_t{sizeof(chunk)} ? end - off_t{sizeof(chunk)} : 0;
    const ssize_t count =
        pread(descriptor, chunk.data(), static_cast<std::size_t>(end - begin), begin);
    if (count < 0) return -1;
    const std::string_view text(chunk.data(), static_cast<std::size_t>(count));
    const std::size_t newline = text.rfind('\n');
    if (newline != std::string_view::npos) return begin + static_cast<off_t>(newline) + 1;
    end = begin;
  }
  return 0;
}

int OpenForAppending(const std::filesystem::path& path, bool cut_to_line) {
  if (path.has_parent_path()) {
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    if (failure) ThrowWriteError("create the directory", path.parent_path(), failure.value());
  }
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) ThrowWriteError("open", path, errno);
  if (!cut_to_line) return descriptor;
  const off_t size = SizeOfWholeLines(descriptor);
  if (size < 0 || ftruncate(descriptor, size) != 0) {
    const int failure = errno;
    close(descriptor);
    ThrowWriteError("cut the incomplete last line of", path, failure);
  }
  return descriptor;
}

}  // namespace

AppendFile::AppendFile(const std::filesystem::path& path, bool cut_to_line)
    : path_(path), descriptor_(OpenForAppending(path, cut_to_line)) {}

AppendFile::~AppendFile() {
  if (const int failure = WriteBuffer()) {
    LogError("the last ", buffer_.size(), " bytes of ", path_, " are lost: ",
             std::generic_category().message(failure));
  }
  close(descriptor_);
}

void AppendFile::Append(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) Flush();
}

void AppendFile::Flush() {
  if (const int failure = WriteBuffer()) ThrowWriteError("write", path_, failure);
}

int AppendFile::WriteBuffer() noexcept {
  std::size_t done = 0;
  int failure = 0;
  while (done < buffer_.size() && failure == 0) {
    const ssize_t written = write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written > 0) done += static_cast<std::size_t>(written);
    else if (written == 0) failure = ENOSPC;
    else if (errno != EINTR) failure = errno;
  }
  buffer_.erase(0, done);
  return failure;
}

}  // namespace journeyman::core
