#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/file_system.h"
#include "features/transform.h"
#include "policy/network.h"
#include "policy/network_policy.h"
#include "policy/policy.h"
#include "storage/action_catalogue.h"

namespace journeyman::policy {

enum class BundleKind { kPolicy, kValue, kReward };
enum class Verdict { kNone, kInitial, kPass, kHold, kFail, kInvalid };
const char* Name(BundleKind kind);
const char* Name(Verdict verdict);

// One node of the policy a bundle describes:
//   network   transform + network + action rule (tensors under `prefix`)
//   uniform   all possible actions
//   constant  `action`
//   rules     the rule table text
//   mixture   (1 - share) * children[0] + share * children[1]; at most 8 deep
// Fields that the type does not use are neither written nor hashed.
struct PolicySpec {
  std::string type;
  std::string prefix;                // network: "<prefix>trunk.0.weight" ...
  NetworkArchitecture architecture;  // network
  ActionRule rule;                   // network
  std::string transform;             // network: features::Transform JSON
  int action = 0;                    // constant
  std::string rules;                 // rules: JSON text
  double share = 0;                  // mixture
  std::vector<PolicySpec> children;  // mixture
};

// `manifest.json` of a bundle directory (docs/formats/bundle.md).
struct BundleManifest {
  static constexpr int kFormatVersion = 1;

  BundleKind kind = BundleKind::kPolicy;
  PolicySpec policy;  // kValue, kReward: type "network"
  features::FeatureSpec features;
  storage::ActionCatalogue catalogue;
  uint64_t weights_xxh3 = 0;        // of weights.safetensors
  uint64_t content_hash = 0;        // as loaded; ToJson writes ContentHash()
  std::string training = "null";    // JSON: run id, step, config, dataset hash
  std::string evaluation = "null";  // JSON summary
  Verdict verdict = Verdict::kNone;
  std::vector<std::string> reasons;

  // xxh3 of everything that decides an answer: kind, policy, features,
  // catalogue, weights; not of training, evaluation and verdict.
  uint64_t ContentHash() const;

  // With the content hash and a hash of the whole manifest. FromJson verifies
  // both; each throws core::Error(kBadData) naming the key.
  std::string ToJson() const;
  static BundleManifest FromJson(std::string_view json);
};

// An immutable directory: weights.safetensors + manifest.json. A bundle is
// written whole (temporary directory, fsync, rename) or not at all; an existing
// destination is an error (kUsage) unless it holds the same manifest. Fills
// weights_xxh3 and returns the content hash. Throws kBadData for a bundle that
// could not be used, kIo where the disk refuses.
uint64_t WriteBundle(core::FileSystem& files, const std::filesystem::path& directory,
                     BundleManifest manifest, const WeightMap& weights);

struct Bundle {
  BundleManifest manifest;
  WeightMap weights;

  // Verifies the hashes and that no `<name>.revoked.json` stands beside it.
  // Throws kMissingInput, kBadData (damage, revoked, unknown version).
  static Bundle Load(core::FileSystem& files, const std::filesystem::path& directory);
};

// The policy of a kPolicy bundle. The result owns all that it needs.
std::unique_ptr<Policy> MakePolicy(const Bundle& bundle);

// Outputs of a kValue or kReward bundle for a raw feature vector.
class OutputModel {
 public:
  explicit OutputModel(const Bundle& bundle);  // throws kBadData on kPolicy
  int64_t heads() const { return network_.architecture().heads; }
  int64_t actions() const { return actions_; }
  // out: [heads * actions], head-major. Thread-safe.
  void Predict(std::span<const float> raw_features, std::span<float> out) const;

 private:
  features::Transform transform_;
  Network network_;
  int64_t actions_;
};

// safetensors: 8-byte little-endian header length, JSON header, raw data.
std::vector<std::byte> EncodeSafetensors(
    const std::vector<std::pair<std::string, std::vector<int64_t>>>& shapes,
    const WeightMap& weights);
WeightMap DecodeSafetensors(std::span<const std::byte> bytes, const std::string& name);

}  // namespace journeyman::policy
