#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "policy/bundle.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // as in the reference implementation

[[noreturn]] void Fail(const std::string& name, const std::string& what) {
  throw Error(ExitCode::kBadData, StrCat(name, " is not a readable safetensors file: ", what, "."),
              "The file is damaged or of another kind; take another copy.");
}

struct Entry {
  std::string tensor;
  uint64_t begin = 0;
  uint64_t end = 0;
};

uint64_t ElementsOf(const std::string& name, const std::string& tensor, const Json& shape) {
  uint64_t elements = 1;
  for (const Json& extent : shape) {
    const auto value = extent.get<uint64_t>();
    if (value != 0 && elements > (uint64_t{1} << 40) / value) {
      Fail(name, StrCat("tensor '", tensor, "' is too large"));
    }
    elements *= value;
  }
  return elements;
}

// The entries in the order of their data, which must lie without gaps.
std::vector<Entry> ReadHeader(std::string_view text, const std::string& name, uint64_t data_bytes) {
  std::vector<Entry> entries;
  try {
    const Json header = Json::parse(text);
    for (const auto& [tensor, value] : header.items()) {
      if (tensor == "__metadata__") continue;
      if (value.at("dtype") != "F32") {
        Fail(name,
             StrCat("tensor '", tensor, "' has type ", value.at("dtype").dump(), ", not F32"));
      }
      const Json& offsets = value.at("data_offsets");
      if (offsets.size() != 2) Fail(name, StrCat("tensor '", tensor, "' has no two offsets"));
      Entry entry{tensor, offsets.at(0).get<uint64_t>(), offsets.at(1).get<uint64_t>()};
      const uint64_t bytes = ElementsOf(name, tensor, value.at("shape")) * sizeof(float);
      if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
        Fail(name, StrCat("tensor '", tensor, "' has offsets ", entry.begin, " to ", entry.end,
                          " for ", bytes, " bytes"));
      }
      entries.push_back(entry);
    }
  } catch (const Json::exception& e) {
    Fail(name, e.what());
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t next = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != next) {
      Fail(name,
           StrCat("tensor '", entry.tensor, "' begins at ", entry.begin, " instead of ", next));
    }
    next = entry.end;
  }
  if (next != data_bytes) {
    Fail(name, StrCat("it has ", data_bytes, " bytes of data instead of ", next));
  }
  return entries;
}

}  // namespace

std::vector<std::byte> EncodeSafetensors(
    const std::vector<std::pair<std::string, std::vector<int64_t>>>& shapes,
    const WeightMap& weights) {
  Json header = Json::object();
  uint64_t offset = 0;
  for (const auto& [name, shape] : shapes) {
    const auto found = weights.find(name);
    JOURNEYMAN_CHECK(found != weights.end(), "no weights for tensor '", name, "'");
    const int64_t elements =
        std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
    JOURNEYMAN_CHECK(elements == static_cast<int64_t>(found->second.size()), "tensor '", name,
                     "' has ", found->second.size(), " values for a shape of ", elements);
    const uint64_t bytes = found->second.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data starts aligned
  std::vector<std::byte> bytes(kLengthBytes + text.size() + offset);
  const uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, kLengthBytes);
  std::memcpy(bytes.data() + kLengthBytes, text.data(), text.size());
  std::byte* out = bytes.data() + kLengthBytes + text.size();
  for (const auto& [name, shape] : shapes) {
    const std::vector<float>& values = weights.at(name);
    if (values.empty()) continue;
    std::memcpy(out, values.data(), values.size() * sizeof(float));
    out += values.size() * sizeof(float);
  }
  return bytes;
}

WeightMap DecodeSafetensors(std::span<const std::byte> bytes, const std::string& name) {
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) Fail(name, StrCat("it has ", bytes.size(), " bytes"));
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kLongestHeader || length > bytes.size() - kLengthBytes) {
    Fail(name, StrCat("its header claims ", length, " bytes in a file of ", bytes.size()));
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  WeightMap weights;
  for (const Entry& entry : ReadHeader(header, name, data.size())) {
    std::vector<float> values((entry.end - entry.begin) / sizeof(float));
    if (!values.empty()) {
      std::memcpy(values.data(), data.data() + entry.begin, entry.end - entry.begin);
    }
    weights[entry.tensor] = std::move(values);
  }
  return weights;
}

}  // namespace journeyman::policy
