#include "policy/bundle.h"

#include <unistd.h>

#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "policy/rule_table.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using std::filesystem::path;

constexpr const char* kWeightsFile = "weights.safetensors";
constexpr const char* kManifestFile = "manifest.json";

[[noreturn]] void FailPolicy(const std::string& what, const std::string& hint = "") {
  throw Error(ExitCode::kBadData, StrCat("Bundle: ", what, "."), hint);
}

// The directory's path without a trailing slash, and never without a parent.
path Normalised(const path& directory) {
  path result = std::filesystem::absolute(directory).lexically_normal();
  if (!result.has_filename()) result = result.parent_path();
  return result;
}

WeightMap WithoutPrefix(const WeightMap& weights, const PolicySpec& spec) {
  WeightMap result;
  for (const auto& [name, shape] : spec.architecture.Tensors()) {
    const auto found = weights.find(spec.prefix + name);
    if (found != weights.end()) result[name] = found->second;
  }
  return result;
}

features::Transform TransformOf(const BundleManifest& manifest, const PolicySpec& spec) {
  features::Transform transform = features::Transform::FromJson(spec.transform);
  if (transform.spec() != manifest.features) {
    FailPolicy("the transform was fitted to another feature spec",
               "Transform and features must come from the same dataset schema.");
  }
  if (transform.output_width() != spec.architecture.inputs) {
    FailPolicy(StrCat("the transform gives ", transform.output_width(),
                      " values to a network with ", spec.architecture.inputs, " inputs"));
  }
  return transform;
}

void CheckOutputs(const BundleManifest& manifest, const PolicySpec& spec) {
  const int64_t wanted = manifest.catalogue.size() * spec.architecture.heads;
  if (spec.architecture.outputs == wanted) return;
  FailPolicy(StrCat("the network has ", spec.architecture.outputs, " outputs for ",
                    manifest.catalogue.size(), " actions and ", spec.architecture.heads, " heads"));
}

std::unique_ptr<Policy> MakePolicyNode(const Bundle& bundle, const PolicySpec& spec) {
  const BundleManifest& manifest = bundle.manifest;
  const int64_t actions = manifest.catalogue.size();
  if (spec.type == "uniform") return MakeUniformPolicy(actions);
  if (spec.type == "constant") return MakeConstantPolicy(actions, spec.action);
  if (spec.type == "rules") {
    return ParseRuleTable(spec.rules, manifest.features, manifest.catalogue);
  }
  if (spec.type == "network") {
    CheckOutputs(manifest, spec);
    return MakeNetworkPolicy(TransformOf(manifest, spec),
                             Network(spec.architecture, WithoutPrefix(bundle.weights, spec)),
                             spec.rule);
  }
  if (spec.type != "mixture") FailPolicy(StrCat("unknown policy type '", spec.type, "'"));
  if (spec.children.size() != 2) {
    FailPolicy(StrCat("a mixture of ", spec.children.size(), " policies instead of 2"));
  }
  std::unique_ptr<Policy> base = MakePolicyNode(bundle, spec.children[0]);
  std::unique_ptr<Policy> other = MakePolicyNode(bundle, spec.children[1]);
  return MakeMixturePolicy(std::move(base), std::move(other), spec.share);
}

const PolicySpec& ModelSpec(const Bundle& bundle) {
  if (bundle.manifest.kind == BundleKind::kPolicy) {
    FailPolicy("a value or reward model was asked for, and this is a policy");
  }
  if (bundle.manifest.policy.type != "network") {
    FailPolicy(StrCat("a ", Name(bundle.manifest.kind), " model of type '",
                      bundle.manifest.policy.type, "' instead of network"));
  }
  CheckOutputs(bundle.manifest, bundle.manifest.policy);
  return bundle.manifest.policy;
}

using Shapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;

void CollectShapes(const PolicySpec& spec, Shapes& shapes) {
  if (spec.type == "network") {
    for (const auto& [name, shape] : spec.architecture.Tensors()) {
      shapes.emplace_back(spec.prefix + name, shape);
    }
  }
  if (spec.type != "mixture") return;
  for (const PolicySpec& child : spec.children) CollectShapes(child, shapes);
}

// Builds what the bundle describes, so that none is written or loaded that
// cannot be used.
void CheckUsable(const Bundle& bundle) {
  bundle.manifest.features.Validate();
  bundle.manifest.catalogue.Validate();
  if (bundle.manifest.kind == BundleKind::kPolicy) {
    MakePolicy(bundle);
  } else {
    OutputModel{bundle};
  }
  Shapes shapes;
  CollectShapes(bundle.manifest.policy, shapes);
  if (shapes.size() != bundle.weights.size()) {
    FailPolicy(StrCat("it has ", bundle.weights.size(), " tensors, of which its policy names ",
                      shapes.size()),
               "Networks of one bundle need different prefixes, and every tensor must be used.");
  }
}

// Removes a half-written directory, unless it was renamed.
class TemporaryDirectory {
 public:
  TemporaryDirectory(core::FileSystem& files, path directory)
      : files_(files), directory_(std::move(directory)) {}
  ~TemporaryDirectory() {
    if (kept_) return;
    try {
      files_.RemoveTree(directory_);
    } catch (const Error&) {
      // The file system is failing; the first error is the one to report.
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const path& get() const { return directory_; }
  void Keep() { kept_ = true; }

 private:
  core::FileSystem& files_;
  path directory_;
  bool kept_ = false;
};

}  // namespace

uint64_t WriteBundle(core::FileSystem& files, const std::filesystem::path& directory,
                     BundleManifest manifest, const WeightMap& weights) {
  CheckUsable({manifest, weights});
  Shapes shapes;
  CollectShapes(manifest.policy, shapes);
  const std::vector<std::byte> data = EncodeSafetensors(shapes, weights);
  manifest.weights_xxh3 = core::Xxh3(data);
  const std::string json = manifest.ToJson();

  const path target = Normalised(directory);
  if (files.Exists(target)) {
    if (Bundle::Load(files, target).manifest.ToJson() == json) return manifest.ContentHash();
    throw Error(ExitCode::kUsage, StrCat("The bundle ", target, " exists with other content."),
                "Bundles never change; give a new name.");
  }
  const path parent = target.parent_path();
  files.MakeDirectories(parent);
  TemporaryDirectory temporary(
      files, parent / StrCat(".", target.filename(), ".tmp.", static_cast<int64_t>(getpid())));
  files.RemoveTree(temporary.get());
  files.MakeDirectories(temporary.get());
  files.WriteDurable(temporary.get() / kWeightsFile, data);
  files.WriteTextDurable(temporary.get() / kManifestFile, json);
  files.SyncDirectory(temporary.get());
  files.Rename(temporary.get(), target);
  temporary.Keep();
  files.SyncDirectory(parent);
  return manifest.ContentHash();
}

Bundle Bundle::Load(core::FileSystem& files, const std::filesystem::path& directory) {
  const path source = Normalised(directory);
  const path revoked = source.parent_path() / StrCat(source.filename(), ".revoked.json");
  if (files.Exists(revoked)) {
    throw Error(ExitCode::kBadData, StrCat("The bundle ", source, " was revoked: ", revoked, "."),
                "Use a newer bundle; the file says why.");
  }
  if (!files.Exists(source / kManifestFile)) {
    throw Error(ExitCode::kMissingInput,
                StrCat("There is no bundle at ", source, ": no ", kManifestFile, "."),
                "Give the directory that `publish` wrote.");
  }
  Bundle bundle;
  bundle.manifest = BundleManifest::FromJson(files.ReadText(source / kManifestFile));
  const path weights_path = source / kWeightsFile;
  const std::vector<std::byte> data = files.ReadFile(weights_path);
  if (const uint64_t hash = core::Xxh3(data); hash != bundle.manifest.weights_xxh3) {
    throw Error(ExitCode::kBadData,
                StrCat(weights_path, " has the hash ", core::Hex64(hash), " instead of ",
                       core::Hex64(bundle.manifest.weights_xxh3), "."),
                "The file is damaged; publish the bundle again.");
  }
  bundle.weights = DecodeSafetensors(data, weights_path.string());
  CheckUsable(bundle);
  return bundle;
}

std::unique_ptr<Policy> MakePolicy(const Bundle& bundle) {
  if (bundle.manifest.kind != BundleKind::kPolicy) {
    FailPolicy(
        StrCat("a policy was asked for, and this is a ", Name(bundle.manifest.kind), " model"));
  }
  return MakePolicyNode(bundle, bundle.manifest.policy);
}

OutputModel::OutputModel(const Bundle& bundle)
    : transform_(TransformOf(bundle.manifest, ModelSpec(bundle))),
      network_(bundle.manifest.policy.architecture,
               WithoutPrefix(bundle.weights, bundle.manifest.policy)),
      actions_(bundle.manifest.catalogue.size()) {}

void OutputModel::Predict(std::span<const float> raw_features, std::span<float> out) const {
  if (static_cast<int64_t>(raw_features.size()) != transform_.input_width()) {
    FailPolicy(
        StrCat("a model of ", transform_.input_width(), " features got ", raw_features.size()));
  }
  std::vector<float> input(static_cast<size_t>(transform_.output_width()));
  transform_.Apply(raw_features, input);
  network_.Forward(input, out);
}

}  // namespace journeyman::policy
