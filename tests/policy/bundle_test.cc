#include "policy/bundle.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "core/error.h"
#include "core/file_system.h"
#include "core/philox.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::policy {
namespace {

using journeyman::testing::FaultFileSystem;
using journeyman::testing::FileOperation;
using journeyman::testing::TempDirectory;

core::FileSystem& Files() { return core::RealFileSystem(); }

features::FeatureSpec Spec() {
  features::FeatureSpec spec;
  spec.columns = {{"x", features::FeatureKind::kContinuous, {}},
                  {"channel", features::FeatureKind::kEnum, {"Web", "App"}}};
  return spec;
}

features::Transform FittedTransform() {
  features::FitPart part(2);
  part.AddRow(std::vector<float>{.1f, 0});
  part.AddRow(std::vector<float>{.7f, 1});
  return features::Transform::Fit(Spec(), std::vector<features::FitPart>{part});
}

storage::ActionCatalogue Catalogue() {
  storage::ActionCatalogue catalogue;
  catalogue.actions = {{"no_action", 0, "", "null"},
                       {"offer_1", .5, "mail", R"({"a":1})"},
                       {"offer_2", 1, "mail", "null"}};
  return catalogue;
}

PolicySpec NetworkSpec(const std::string& prefix, bool dueling, int64_t heads = 1) {
  PolicySpec spec;
  spec.type = "network";
  spec.prefix = prefix;
  spec.architecture.inputs = FittedTransform().output_width();
  spec.architecture.hidden = {8, 4};
  spec.architecture.outputs = 3 * heads;
  spec.architecture.heads = heads;
  spec.architecture.dueling = dueling;
  spec.rule = {"softmax", 0.1, 0.05};
  spec.transform = FittedTransform().ToJson();
  return spec;
}

void AddWeights(const PolicySpec& spec, WeightMap& weights) {
  core::PhiloxStream stream(5, weights.size(), 0);
  for (const auto& [name, shape] : spec.architecture.Tensors()) {
    int64_t size = 1;
    for (const int64_t extent : shape) size *= extent;
    auto& values = weights[spec.prefix + name];
    for (int64_t i = 0; i < size; ++i) values.push_back(static_cast<float>(stream.NextNormal()));
  }
}

// The certifiable kind: rules mixed with a network.
Bundle Mixture() {
  Bundle bundle;
  bundle.manifest.features = Spec();
  bundle.manifest.catalogue = Catalogue();
  bundle.manifest.policy.type = "mixture";
  bundle.manifest.policy.share = .3;
  PolicySpec rules;
  rules.type = "rules";
  rules.rules = R"({"schema_version": 1, "exploration": 0.3, "rules": [
      {"when": [{"feature": "x", "op": ">", "value": 0.3}], "weights": {"offer_1": 1}}],
      "otherwise": {"no_action": 1}})";
  bundle.manifest.policy.children = {rules, NetworkSpec("agent.", true)};
  bundle.manifest.training = R"({"run":"r1","step":4000})";
  bundle.manifest.evaluation = R"({"value":1.5})";
  bundle.manifest.verdict = Verdict::kPass;
  bundle.manifest.reasons = {"lower bound 0.2"};
  AddWeights(bundle.manifest.policy.children[1], bundle.weights);
  return bundle;
}

Bundle ValueModel() {
  Bundle bundle;
  bundle.manifest.kind = BundleKind::kValue;
  bundle.manifest.features = Spec();
  bundle.manifest.catalogue = Catalogue();
  bundle.manifest.policy = NetworkSpec("fqe.", false, 2);
  AddWeights(bundle.manifest.policy, bundle.weights);
  return bundle;
}

uint64_t Write(const core::Path& path, const Bundle& bundle) {
  return WriteBundle(Files(), path, bundle.manifest, bundle.weights);
}

template <class Function>
core::Error ErrorOf(Function function) {
  try {
    function();
  } catch (const core::Error& e) {
    return e;
  }
  return core::Error(core::ExitCode::kOk, "no error");
}

void ExpectError(const core::Error& error, core::ExitCode code, const std::string& part) {
  EXPECT_EQ(error.code(), code) << error.what();
  EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
}

// Not durable, so as to be fast.
void Overwrite(const core::Path& path, const std::vector<std::byte>& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.good());
}

TEST(Bundle, AMixtureRoundTrips) {
  const TempDirectory directory;
  const Bundle written = Mixture();
  const uint64_t hash = Write(directory / "b", written);
  const Bundle loaded = Bundle::Load(Files(), directory / "b");
  EXPECT_EQ(loaded.weights, written.weights);
  EXPECT_EQ(loaded.manifest.content_hash, hash);
  EXPECT_EQ(loaded.manifest.features, written.manifest.features);
  EXPECT_EQ(loaded.manifest.catalogue, written.manifest.catalogue);
  EXPECT_EQ(loaded.manifest.training, written.manifest.training);
  EXPECT_EQ(loaded.manifest.evaluation, written.manifest.evaluation);
  EXPECT_EQ(loaded.manifest.verdict, Verdict::kPass);
  EXPECT_EQ(loaded.manifest.reasons, written.manifest.reasons);
  EXPECT_EQ(features::Transform::FromJson(loaded.manifest.policy.children[1].transform).Hash(),
            FittedTransform().Hash());
  const auto before = MakePolicy(written);
  const auto after = MakePolicy(loaded);
  const std::vector<uint8_t> possible = {1, 1, 0};
  for (const float x : {-1.f, .25f, .5f, 3.f}) {
    const std::vector<float> features = {x, 1};
    EXPECT_EQ(before->Distribution({features, possible}),
              after->Distribution({features, possible}));
  }
  EXPECT_EQ(Files().List(directory.path()), std::vector<std::string>{"b"});
}

TEST(Bundle, SimplePoliciesRoundTripWithoutWeights) {
  const TempDirectory directory;
  Bundle bundle = Mixture();
  bundle.weights.clear();
  bundle.manifest.policy = {};
  bundle.manifest.policy.type = "uniform";
  Write(directory / "uniform", bundle);
  const std::vector<uint8_t> possible = {1, 1, 1};
  const std::vector<float> features = {0, 0};
  EXPECT_EQ(MakePolicy(Bundle::Load(Files(), directory / "uniform"))->actions(), 3);
  bundle.manifest.policy.type = "constant";
  bundle.manifest.policy.action = 2;
  Write(directory / "constant", bundle);
  const auto policy = MakePolicy(Bundle::Load(Files(), directory / "constant"));
  EXPECT_EQ(policy->Distribution({features, possible}).Mode(), 2);
}

TEST(Bundle, AValueModelPredictsHeadMajor) {
  const TempDirectory directory;
  const Bundle written = ValueModel();
  Write(directory / "v/", written);
  const Bundle loaded = Bundle::Load(Files(), directory / "v");
  const OutputModel model(loaded);
  EXPECT_EQ(model.heads(), 2);
  EXPECT_EQ(model.actions(), 3);
  const std::vector<float> features = {.5f, 1};
  std::vector<float> out(6);
  model.Predict(features, out);
  std::vector<float> input(static_cast<size_t>(FittedTransform().output_width()));
  FittedTransform().Apply(features, input);
  WeightMap plain;
  for (const auto& [name, values] : written.weights) plain[name.substr(4)] = values;
  std::vector<float> expected(6);
  Network(written.manifest.policy.architecture, plain).Forward(input, expected);
  EXPECT_EQ(out, expected);
  ExpectError(ErrorOf([&] { model.Predict(out, out); }), core::ExitCode::kBadData,
              "2 features got 6");
  ExpectError(ErrorOf([&] { MakePolicy(loaded); }), core::ExitCode::kBadData, "value model");
  ExpectError(ErrorOf([&] { OutputModel{Mixture()}; }), core::ExitCode::kBadData,
              "this is a policy");
}

TEST(Bundle, TheContentHashFollowsWhatDecidesAnAnswerAndNothingElse) {
  const TempDirectory directory;
  const uint64_t hash = Write(directory / "a", Mixture());
  Bundle other = Mixture();
  other.manifest.verdict = Verdict::kHold;
  other.manifest.training = "null";
  EXPECT_EQ(Write(directory / "b", other), hash);
  int index = 0;
  const auto differs = [&](auto change) {
    Bundle changed = Mixture();
    change(changed);
    return Write(directory / ("c" + std::to_string(index++)), changed) != hash;
  };
  EXPECT_FALSE(differs([](Bundle&) {}));
  EXPECT_TRUE(differs([](Bundle& b) { b.manifest.policy.share = .31; }));
  EXPECT_TRUE(differs([](Bundle& b) { b.manifest.policy.children[1].rule.temperature = .2; }));
  EXPECT_TRUE(differs([](Bundle& b) { b.manifest.catalogue.actions[1].cost = 2; }));
  EXPECT_TRUE(differs([](Bundle& b) { b.weights["agent.value.bias"][0] += 1e-6f; }));
}

TEST(Bundle, EveryFlippedByteIsDetected) {
  const TempDirectory directory;
  Bundle bundle = Mixture();
  bundle.manifest.policy.children[1].architecture.hidden = {2};
  bundle.weights.clear();
  AddWeights(bundle.manifest.policy.children[1], bundle.weights);
  Write(directory / "b", bundle);
  for (const char* name : {"manifest.json", "weights.safetensors"}) {
    const core::Path path = directory / "b" / name;
    const std::vector<std::byte> good = Files().ReadFile(path);
    for (size_t at = 0; at < good.size(); at += 23) {
      std::vector<std::byte> bad = good;
      bad[at] ^= std::byte{1};
      Overwrite(path, bad);
      EXPECT_EQ(ErrorOf([&] { Bundle::Load(Files(), directory / "b"); }).code(),
                core::ExitCode::kBadData)
          << name << " byte " << at;
    }
    Overwrite(path, good);
  }
  EXPECT_EQ(Bundle::Load(Files(), directory / "b").weights, bundle.weights);
}

TEST(Bundle, ACutFileIsDetected) {
  const TempDirectory directory;
  Write(directory / "b", Mixture());
  const core::Path path = directory / "b" / "weights.safetensors";
  std::vector<std::byte> bytes = Files().ReadFile(path);
  bytes.resize(bytes.size() - 4);
  Overwrite(path, bytes);
  ExpectError(ErrorOf([&] { Bundle::Load(Files(), directory / "b"); }), core::ExitCode::kBadData,
              "weights.safetensors");
  Files().RemoveTree(path);
  EXPECT_EQ(ErrorOf([&] { Bundle::Load(Files(), directory / "b"); }).code(),
            core::ExitCode::kMissingInput);
}

TEST(Bundle, ARevokedOrMissingOneIsRefused) {
  const TempDirectory directory;
  ExpectError(ErrorOf([&] { Bundle::Load(Files(), directory / "b"); }),
              core::ExitCode::kMissingInput, "no bundle");
  Write(directory / "b", Mixture());
  Files().WriteTextDurable(directory / "b.revoked.json", "{}");
  ExpectError(ErrorOf([&] { Bundle::Load(Files(), directory / "b"); }), core::ExitCode::kBadData,
              "was revoked");
}

TEST(Bundle, NeverChanges) {
  const TempDirectory directory;
  Write(directory / "b", Mixture());
  Write(directory / "b", Mixture());  // the same again is no error
  Bundle other = Mixture();
  other.manifest.verdict = Verdict::kFail;
  ExpectError(ErrorOf([&] { Write(directory / "b", other); }), core::ExitCode::kUsage, "exists");
  EXPECT_EQ(Bundle::Load(Files(), directory / "b").manifest.verdict, Verdict::kPass);
}

TEST(Bundle, AFailureAtAnyOperationLeavesAllOrNothing) {
  const TempDirectory directory;
  FaultFileSystem counted;
  WriteBundle(counted, directory / "whole", Mixture().manifest, Mixture().weights);
  ASSERT_GT(counted.operations(), 6);
  for (int nth = 1; nth <= counted.operations(); ++nth) {
    for (const bool dies : {false, true}) {
      const core::Path target = directory / ("b" + std::to_string(nth) + (dies ? "d" : ""));
      FaultFileSystem failing;
      FaultFileSystem::Fault fault;
      fault.nth = nth;
      fault.bytes_written = 10;
      fault.and_all_later = dies;
      failing.Arm(fault);
      const core::Error error =
          ErrorOf([&] { WriteBundle(failing, target, Mixture().manifest, Mixture().weights); });
      EXPECT_EQ(error.code(), core::ExitCode::kIo) << nth;
      if (Files().Exists(target)) {
        EXPECT_EQ(Bundle::Load(Files(), target).weights, Mixture().weights);
      }
      // What a dead process left does not stand in the way.
      Write(target, Mixture());
      EXPECT_EQ(Bundle::Load(Files(), target).weights, Mixture().weights);
    }
  }
}

TEST(Bundle, OneThatCouldNotBeUsedIsNotWritten) {
  const TempDirectory directory;
  const auto refused = [&](auto change) {
    Bundle bundle = Mixture();
    change(bundle);
    const core::Error error = ErrorOf([&] { Write(directory / "b", bundle); });
    EXPECT_FALSE(Files().Exists(directory / "b"));
    return std::string(error.what());
  };
  const auto expect = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect(refused([](Bundle& b) { b.weights.erase("agent.value.bias"); }), "value.bias");
  expect(refused([](Bundle& b) { b.weights["left.over"] = {1}; }), "9 tensors");
  expect(refused([](Bundle& b) { b.manifest.policy.type = "magic"; }), "magic");
  expect(refused([](Bundle& b) { b.manifest.policy.children.pop_back(); }), "mixture of 1");
  expect(refused([](Bundle& b) { b.manifest.features.columns[0].name = "y"; }),
         "'x' is not in the feature spec");
  expect(refused([](Bundle& b) {
           b.manifest.policy = b.manifest.policy.children[1];
           b.manifest.features.columns[0].name = "y";
         }),
         "another feature spec");
  expect(refused([](Bundle& b) {
           b.manifest.catalogue.actions.push_back({"offer_3", 0, "", "null"});
         }),
         "outputs for 4 actions");
  expect(refused([](Bundle& b) { b.manifest.training = "{"; }), "training");
  expect(refused([](Bundle& b) {
           for (int i = 0; i < 8; ++i) {
             PolicySpec outer;
             outer.type = "mixture";
             outer.children = {b.manifest.policy.children[0], b.manifest.policy};
             b.manifest.policy = outer;
           }
         }),
         "nested more than 8");
}

TEST(BundleManifest, OtherVersionsAndFormatsAreRefused) {
  Bundle bundle = Mixture();
  const std::string json = bundle.manifest.ToJson();
  EXPECT_EQ(BundleManifest::FromJson(json).ToJson(), json);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = json;
    text.replace(text.find(from), from.size(), to);
    return ErrorOf([&] { BundleManifest::FromJson(text); });
  };
  ExpectError(replaced("\"format_version\": 1", "\"format_version\": 2"), core::ExitCode::kBadData,
              "format_version is 2");
  ExpectError(replaced("journeyman-bundle", "journeyman-basket"), core::ExitCode::kBadData,
              "format");
  ExpectError(replaced("\"PASS\"", "\"HOLD\""), core::ExitCode::kBadData, "manifest_xxh3");
  ExpectError(replaced("\"verdict\"", "\"verdikt\""), core::ExitCode::kBadData, "manifest_xxh3");
  ExpectError(ErrorOf([] { BundleManifest::FromJson(std::string(100'000, '[')); }),
              core::ExitCode::kBadData, "nested more than 64");
}

}  // namespace
}  // namespace journeyman::policy
