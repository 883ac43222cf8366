#include "core/npy.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "support/support.h"

using namespace fr;

namespace {

// A version 1 file with this header text and data.
std::string npy_file(const std::string& header, const std::string& data) {
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size());
  text += '\0';
  return text + header + data;
}

}  // namespace

TEST_CASE("what write_npy writes, Npy reads") {
  test::ScratchFolder scratch;
  const std::vector<float> values = {1, -2.5f, 3e-30f, 4, 5, 6};
  write_npy(scratch / "f.npy", std::span<const float>(values), {2, 3});
  const Npy f(scratch / "f.npy");
  CHECK(f.shape() == std::vector<int64_t>{2, 3});
  CHECK(f.descr() == "<f4");
  CHECK(f.floats() == values);
  CHECK((f.data().size() == 24));
  CHECK_THROWS_WITH_AS(
      f.integers(),
      ((scratch / "f.npy").string() + ": element type '<f4' where integers are expected").c_str(), Error);

  const std::vector<int32_t> labels = {7, -1};
  write_npy(scratch / "i.npy", std::span<const int32_t>(labels), {2});
  CHECK(Npy(scratch / "i.npy").integers() == std::vector<int64_t>{7, -1});
  CHECK(Npy(scratch / "i.npy").doubles() == std::vector<double>{7, -1});

  write_npy(scratch / "u.npy", std::span<const uint8_t>(std::vector<uint8_t>{255, 0}), {2, 1});
  CHECK(Npy(scratch / "u.npy").integers() == std::vector<int64_t>{255, 0});
}

TEST_CASE("the header is a multiple of 64 bytes and is what NumPy would write") {
  const std::vector<int64_t> shape = {5};
  const std::string header = npy_header("<f8", shape);
  CHECK(header.size() % 64 == 0);
  CHECK(header.substr(10, 52) == "{'descr': '<f8', 'fortran_order': False, 'shape': (5");
  CHECK(header.substr(62, 5) == ",), }");
  CHECK(header.back() == '\n');
  CHECK(static_cast<unsigned char>(header[8]) + 256 * static_cast<unsigned char>(header[9]) ==
        static_cast<int>(header.size()) - 10);
}

TEST_CASE("Fortran order, big endian and bool are converted") {
  test::ScratchFolder scratch;
  write_file(scratch / "a.npy", npy_file("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }",
                                         std::string("\0\1\0\4\0\2\0\5\0\3\xff\xff", 12)));
  CHECK(Npy(scratch / "a.npy").integers() == std::vector<int64_t>{1, 2, 3, 4, 5, -1});
  write_file(scratch / "b.npy",
             npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\0\1\2", 3)));
  CHECK(Npy(scratch / "b.npy").integers() == std::vector<int64_t>{0, 1, 1});
  // Half precision: one, the largest, the smallest subnormal.
  write_file(scratch / "h.npy", npy_file("{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }",
                                         std::string("\x00\x3c\xff\x7b\x01\x00", 6)));
  CHECK(Npy(scratch / "h.npy").doubles() == std::vector<double>{1, 65504, 0x1p-24});
}

TEST_CASE("headers that are not plainly an array are refused in one line") {
  test::ScratchFolder scratch;
  for (const char* header :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9)}", ""}) {
    CAPTURE(header);
    write_file(scratch / "bad.npy", npy_file(header, std::string(8, '\0')));
    CHECK_THROWS_AS(Npy(scratch / "bad.npy"), Error);
  }
  CHECK_THROWS_AS(Npy(scratch / "absent.npy"), Error);
}
