#pragma once

#include <filesystem>

#include "core/file_system.h"

namespace journeyman::storage {

// `<artifact>.revoked.json` beside an immutable file or directory: its content was withdrawn, for
// instance since a person was forgotten, and no loader may use it any more.
std::filesystem::path RevocationPath(const std::filesystem::path& artifact);

// Throws core::Error(kBadData) where `artifact` was revoked.
void ThrowIfRevoked(core::FileSystem& files, const std::filesystem::path& artifact);

}  // namespace journeyman::storage
