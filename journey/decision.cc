#include "journey/decision.h"

#include <cstring>
#include <tuple>

namespace journeyman::journey {
namespace {

template <class T>
int CompareBits(std::span<const T> a, std::span<const T> b) {
  return a.empty() ? 0 : std::memcmp(a.data(), b.data(), a.size_bytes());
}

template <class T>
void AppendAll(std::vector<T>& column, const std::vector<T>& values) {
  column.insert(column.end(), values.begin(), values.end());
}

}  // namespace

template <class T>
bool SameBits(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && CompareBits(a, b) == 0;
}
template bool SameBits<float>(std::span<const float>, std::span<const float>);
template bool SameBits<double>(std::span<const double>, std::span<const double>);
template bool SameBits<uint8_t>(std::span<const uint8_t>, std::span<const uint8_t>);

void DecisionColumns::Append(const Decision& decision) {
  keys_.push_back(decision.key);
  AppendAll(observations_, decision.observation);
  AppendAll(metrics_, decision.metrics);
  AppendAll(possible_, decision.possible);
  AppendAll(probabilities_, decision.probabilities);
}

uint64_t DecisionColumns::row_bytes() const {
  const int64_t probabilities = widths_.has_distribution ? widths_.actions : 0;
  return sizeof(DecisionKey) + static_cast<uint64_t>(4 * widths_.features + 8 * widths_.metrics +
                                                     widths_.actions + 4 * probabilities);
}

void DecisionColumns::Encode(ByteWriter& writer) const {
  writer.Put(keys_);
  writer.Put(observations_);
  writer.Put(metrics_);
  writer.Put(possible_);
  writer.Put(probabilities_);
}

void DecisionColumns::AppendEncoded(ByteReader& reader) {
  reader.Append(keys_);
  reader.Append(observations_);
  reader.Append(metrics_);
  reader.Append(possible_);
  reader.Append(probabilities_);
}

int DecisionColumns::CompareContent(int64_t a, int64_t b) const {
  const DecisionKey& left = Key(a);
  const DecisionKey& right = Key(b);
  const auto scalars = [](const DecisionKey& key) {
    uint64_t propensity_bits = 0;
    std::memcpy(&propensity_bits, &key.propensity, sizeof(propensity_bits));
    return std::tuple(key.time_us, key.action, propensity_bits, key.end);
  };
  if (scalars(left) != scalars(right)) return scalars(left) < scalars(right) ? -1 : 1;
  if (const int order = CompareBits(Observation(a), Observation(b))) return order;
  if (const int order = CompareBits(Metrics(a), Metrics(b))) return order;
  if (const int order = CompareBits(Possible(a), Possible(b))) return order;
  return CompareBits(Probabilities(a), Probabilities(b));
}

}  // namespace journeyman::journey
