#include "storage/hdf5_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <malloc.h>

#include <thread>

#include "tests/storage/errors.h"

namespace journeyman::storage {
namespace {

using ::testing::HasSubstr;

std::vector<std::byte> Example() {
  Hdf5Writer writer;
  writer.SetAttribute("/", "schema", "example");
  writer.SetAttribute("/", "count", int64_t{-3});
  writer.Write("matrix", core::ViewOf(std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2}));
  writer.Write("group/inner/bytes", core::ViewOf(std::vector<uint8_t>{7, 8}, {2}));
  writer.SetAttribute("group/inner/bytes", "unit", "kg");
  writer.Write("nothing", core::ViewOf(std::vector<double>{}, {0, 4}));
  return writer.Finish();
}

TEST(Hdf5FileTest, WhatIsWrittenIsReadBack) {
  const std::vector<std::byte> bytes = Example();
  const Hdf5Reader reader(bytes, "x.h5");
  EXPECT_EQ(reader.TextAttribute("/", "schema"), "example");
  EXPECT_EQ(reader.IntegerAttribute("/", "count"), -3);
  EXPECT_EQ(reader.TextAttribute("group/inner/bytes", "unit"), "kg");
  EXPECT_EQ(reader.Shape("matrix"), (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(reader.Read<float>("matrix"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(reader.ReadRows<float>("matrix", 1, 1), (std::vector<float>{3, 4}));
  EXPECT_EQ(reader.Read<uint8_t>("group/inner/bytes"), (std::vector<uint8_t>{7, 8}));
  EXPECT_EQ(reader.Shape("nothing"), (std::vector<int64_t>{0, 4}));
  EXPECT_TRUE(reader.Read<double>("nothing").empty());
  EXPECT_TRUE(reader.Has("matrix"));
  EXPECT_FALSE(reader.Has("matrix2"));
  EXPECT_EQ(reader.List("group"), std::vector<std::string>{"inner"});
}

TEST(Hdf5FileTest, EveryTypeKeepsItsValues) {
  const auto round_trip = []<class T>(std::vector<T> values) {
    Hdf5Writer writer;
    writer.Write("x", core::ViewOf(values, {std::ssize(values)}));
    const std::vector<std::byte> bytes = writer.Finish();
    EXPECT_EQ(Hdf5Reader(bytes, "x.h5").Read<T>("x"), values);
  };
  round_trip(std::vector<float>{1.5f, -1e-42f});
  round_trip(std::vector<double>{0.1, -1e308});
  round_trip(std::vector<int32_t>{INT32_MIN, INT32_MAX});
  round_trip(std::vector<int64_t>{INT64_MIN, INT64_MAX});
  round_trip(std::vector<uint8_t>{0, 255});
  round_trip(std::vector<uint32_t>{0, UINT32_MAX});
  round_trip(std::vector<uint64_t>{0, UINT64_MAX});
}

// Fresh memory is filled with another value each time, so bytes that nobody wrote would differ.
TEST(Hdf5FileTest, EqualCallsGiveEqualBytesWhateverTheHeapHolds) {
  mallopt(M_PERTURB, 0x55);
  const std::vector<std::byte> first = Example();
  mallopt(M_PERTURB, 0xa6);
  const std::vector<std::byte> second = Example();
  mallopt(M_PERTURB, 0);
  EXPECT_EQ(first, second);
}

TEST(Hdf5FileTest, ReadingAnotherTypeOrRowsThatAreNotThereIsBadDataThatNamesBoth) {
  const std::vector<std::byte> bytes = Example();
  const Hdf5Reader reader(bytes, "x.h5");
  const auto refused = [](const auto& call) { return ErrorOf(core::ExitCode::kBadData, call); };
  EXPECT_THAT(refused([&] { (void)reader.Read<double>("matrix"); }),
              ::testing::AllOf(HasSubstr("x.h5"), HasSubstr("matrix"), HasSubstr("type")));
  EXPECT_THAT(refused([&] { (void)reader.ReadRows<float>("matrix", 2, 2); }),
              HasSubstr("has 3 rows"));
  EXPECT_THAT(refused([&] { (void)reader.ReadRows<float>("matrix", -1, 1); }),
              HasSubstr("has 3 rows"));
  EXPECT_THAT(refused([&] { (void)reader.Read<float>("absent"); }), HasSubstr("absent"));
  EXPECT_THAT(refused([&] { (void)reader.IntegerAttribute("/", "absent"); }), HasSubstr("absent"));
  EXPECT_THAT(refused([&] { (void)reader.IntegerAttribute("/", "schema"); }),
              HasSubstr("no 64-bit integer"));
  EXPECT_THAT(refused([&] { (void)reader.TextAttribute("/", "count"); }), HasSubstr("text"));
}

TEST(Hdf5FileTest, BytesThatAreNoHdf5AreBadDataWithTheLibrarysReason) {
  const std::vector<std::byte> zeros(4096);
  EXPECT_THAT(ErrorOf(core::ExitCode::kBadData, [&] { Hdf5Reader reader(zeros, "zeros.h5"); }),
              ::testing::AllOf(HasSubstr("zeros.h5"), HasSubstr("HDF5:")));
  EXPECT_THAT(ErrorOf(core::ExitCode::kBadData, [&] { Hdf5Reader reader({}, "none.h5"); }),
              HasSubstr("empty"));
}

TEST(Hdf5FileTest, EveryTruncationIsBadData) {
  const std::vector<std::byte> bytes = Example();
  for (std::size_t size = 0; size < bytes.size(); size += 61) {
    const std::vector<std::byte> part(bytes.begin(), bytes.begin() + size);
    EXPECT_THROW(
        {
          const Hdf5Reader reader(part, "part.h5");
          (void)reader.Read<float>("matrix");
          (void)reader.Read<uint8_t>("group/inner/bytes");
          (void)reader.TextAttribute("group/inner/bytes", "unit");
        },
        core::Error)
        << size;
  }
}

// Files from elsewhere, written with the plain library.
class ForeignFile {
 public:
  ForeignFile() {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 4096, false);
    file_ = H5Fcreate("foreign", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
  }
  ~ForeignFile() { H5Fclose(file_); }
  ForeignFile(const ForeignFile&) = delete;
  ForeignFile& operator=(const ForeignFile&) = delete;

  hid_t file() const { return file_; }
  std::vector<std::byte> Bytes() const {
    H5Fflush(file_, H5F_SCOPE_GLOBAL);
    std::vector<std::byte> bytes(H5Fget_file_image(file_, nullptr, 0));
    H5Fget_file_image(file_, bytes.data(), bytes.size());
    return bytes;
  }
  void Dataset(const char* name, hid_t creation) const {
    const hsize_t size = 4;
    const hid_t space = H5Screate_simple(1, &size, nullptr);
    const hid_t dataset =
        H5Dcreate2(file_, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Dclose(dataset);
    H5Sclose(space);
  }

 private:
  hid_t file_;
};

TEST(Hdf5FileTest, LayoutsThatCouldHideDataElsewhereAreRefused) {
  const ForeignFile foreign;
  const hsize_t chunk = 2;
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(chunked, 1, &chunk);
  foreign.Dataset("chunked", chunked);
  H5Pclose(chunked);
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, "/etc/hostname", 0, 16);
  foreign.Dataset("external", external);
  H5Pclose(external);
  H5Lcreate_external("other.h5", "/x", foreign.file(), "link", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/chunked", foreign.file(), "soft", H5P_DEFAULT, H5P_DEFAULT);

  const std::vector<std::byte> bytes = foreign.Bytes();
  const Hdf5Reader reader(bytes, "foreign.h5");
  for (const char* name : {"chunked", "external"}) {
    EXPECT_THAT(ErrorOf(core::ExitCode::kBadData, [&] { (void)reader.Read<float>(name); }),
                HasSubstr("not contiguous"));
  }
  for (const char* name : {"link", "soft"}) {
    EXPECT_THAT(ErrorOf(core::ExitCode::kBadData, [&] { (void)reader.Read<float>(name); }),
                HasSubstr("link"));
  }
}

TEST(Hdf5FileTest, ThreadsMayUseFilesOfTheirOwnAtTheSameTime) {
  const std::vector<std::byte> expected = Example();
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::vector<std::byte> bytes = Example();
        const Hdf5Reader reader(bytes, "x.h5");
        good[t] += bytes == expected && reader.Read<float>("matrix")[5] == 6;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(good, ::testing::Each(20));
}

}  // namespace
}  // namespace journeyman::storage
