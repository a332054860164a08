#include "journey/import_sources.h"

#include <algorithm>

#include "core/check.h"

namespace journeyman::journey {

ImportSources ResolveSources(const std::vector<MappedSource>& sources,
                             const std::filesystem::path& base) {
  std::vector<std::string> patterns;
  for (const MappedSource& source : sources) {
    patterns.insert(patterns.end(), source.inputs.begin(), source.inputs.end());
  }
  ImportSources all{.files = ResolveInputs(patterns, base), .readers = {}};
  all.readers.resize(all.files.size());
  for (size_t s = 0; s < sources.size(); ++s) {
    for (const InputFile& file : ResolveInputs(sources[s].inputs, base)) {
      const auto canonical = std::filesystem::weakly_canonical(file.path);
      const auto found =
          std::find_if(all.files.begin(), all.files.end(), [&](const InputFile& other) {
            return std::filesystem::weakly_canonical(other.path) == canonical;
          });
      JOURNEYMAN_CHECK(found != all.files.end(), file.path.native(), " is no input of the import");
      all.readers[static_cast<size_t>(found - all.files.begin())].push_back(static_cast<int>(s));
    }
  }
  return all;
}

}  // namespace journeyman::journey
