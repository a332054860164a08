#include "core/tensor_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/error.h"

namespace journeyman::core {
namespace {

using ::testing::ElementsAre;

TEST(DType, NamesReadBackAndSizesAreThoseOfC) {
  EXPECT_EQ(ParseDType("float32"), DType::kFloat32);
  EXPECT_EQ(ParseDType("float64"), DType::kFloat64);
  EXPECT_EQ(ParseDType("int32"), DType::kInt32);
  EXPECT_EQ(ParseDType("int64"), DType::kInt64);
  EXPECT_EQ(ParseDType("uint8"), DType::kUint8);
  EXPECT_EQ(ParseDType("uint32"), DType::kUint32);
  EXPECT_EQ(ParseDType("uint64"), DType::kUint64);
  EXPECT_EQ(SizeOf(DTypeOf<float>()), sizeof(float));
  EXPECT_EQ(SizeOf(DTypeOf<double>()), sizeof(double));
  EXPECT_EQ(SizeOf(DTypeOf<int32_t>()), sizeof(int32_t));
  EXPECT_EQ(SizeOf(DTypeOf<int64_t>()), sizeof(int64_t));
  EXPECT_EQ(SizeOf(DTypeOf<uint8_t>()), sizeof(uint8_t));
  EXPECT_EQ(SizeOf(DTypeOf<uint32_t>()), sizeof(uint32_t));
  EXPECT_EQ(SizeOf(DTypeOf<uint64_t>()), sizeof(uint64_t));
}

TEST(DType, AnUnknownNameIsBadData) {
  try {
    ParseDType("float16");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadData);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("float16"));
    EXPECT_THAT(error.hint(), ::testing::HasSubstr("float32, float64"));
  }
}

TEST(TensorView, ShowsTheValuesUnderTheShape) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const TensorView view = ViewOf(values, {2, 3});
  EXPECT_EQ(view.dtype, DType::kFloat32);
  EXPECT_EQ(view.elements(), 6);
  EXPECT_EQ(view.bytes(), 24u);
  EXPECT_THAT(view.As<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(view.AsBytes().size(), 24u);
}

TEST(TensorView, RefusesAnotherElementType) {
  const std::vector<float> values = {1};
  EXPECT_THROW(ViewOf(values, {1}).As<int32_t>(), Error);
}

TEST(TensorView, RefusesAShapeThatDoesNotFit) {
  const std::vector<double> values(6);
  EXPECT_THROW(ViewOf(values, {2, 2}), Error);
  EXPECT_THROW(ViewOf(values, {-2, -3}), Error);
  EXPECT_THROW(ElementCount(std::vector<int64_t>{std::numeric_limits<int64_t>::max(), 2}), Error);
}

TEST(TensorView, ScalarsAndEmptyTensorsHaveOneAndNoElement) {
  const std::vector<int64_t> one = {7};
  EXPECT_THAT(ViewOf(one, {}).As<int64_t>(), ElementsAre(7));
  EXPECT_TRUE(ViewOf(std::vector<int64_t>(), {0, 5}).As<int64_t>().empty());
  EXPECT_TRUE(TensorView().As<float>().empty());
}

TEST(MutableTensorView, WritesThroughAndReadsAsATensorView) {
  std::vector<uint8_t> values(4);
  const MutableTensorView view = MutableViewOf(values, {2, 2});
  view.As<uint8_t>()[3] = 9;
  view.AsBytes()[0] = std::byte{8};
  EXPECT_THAT(values, ElementsAre(8, 0, 0, 9));
  const TensorView read = view;
  EXPECT_THAT(read.As<uint8_t>(), ElementsAre(8, 0, 0, 9));
  EXPECT_THROW(view.As<float>(), Error);
}

}  // namespace
}  // namespace journeyman::core
