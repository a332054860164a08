#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/file_system.h"

namespace journeyman::storage {

// `<artifact>.revoked.json` beside an immutable file or directory: its content was withdrawn, for
// instance since a person was forgotten, and no loader may use it any more.
std::filesystem::path RevocationPath(const std::filesystem::path& artifact);

// Writes it, durably: `reason` for people, and when. One that is there already stays.
void Revoke(core::FileSystem& files, const std::filesystem::path& artifact,
            const std::string& reason, int64_t time_us);

// Throws core::Error(kBadData) where `artifact` was revoked.
void ThrowIfRevoked(core::FileSystem& files, const std::filesystem::path& artifact);

}  // namespace journeyman::storage
