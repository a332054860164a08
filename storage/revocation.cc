#include "storage/revocation.h"

#include "core/error.h"
#include "core/iso_time.h"
#include "core/json_text.h"
#include "core/strings.h"

namespace journeyman::storage {

std::filesystem::path RevocationPath(const std::filesystem::path& artifact) {
  std::filesystem::path path = artifact.lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "data/" names the directory data
  path += ".revoked.json";
  return path;
}

void Revoke(core::FileSystem& files, const std::filesystem::path& artifact,
            const std::string& reason, int64_t time_us) {
  const std::filesystem::path path = RevocationPath(artifact);
  if (files.Exists(path)) return;
  core::WriteAtomically(files, path,
                        core::StrCat("{\"reason\": ", core::JsonQuote(reason), ", \"time\": ",
                                     core::JsonQuote(core::IsoTime(time_us)), "}\n"));
}

void ThrowIfRevoked(core::FileSystem& files, const std::filesystem::path& artifact) {
  const std::filesystem::path path = RevocationPath(artifact);
  if (!files.Exists(path)) return;
  throw core::Error(core::ExitCode::kBadData, core::StrCat(artifact, " was revoked"),
                    core::StrCat("See ", path, "."));
}

}  // namespace journeyman::storage
