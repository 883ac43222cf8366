// OpenCV matrices and the devkit's tree of them: values, mapping, and what is refused.
#include "store/matrix.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "store/feature_tree.h"
#include "store/store.h"
#include "support/support.h"

using namespace fr;
using test::contains;
using test::error_of;

namespace {

std::string text_of(const auto& values) {
  return {reinterpret_cast<const char*>(values.data()), sizeof(values[0]) * values.size()};
}

std::string matrix(const std::vector<int32_t>& header, const std::vector<float>& values) {
  return text_of(header) + text_of(values);
}

}  // namespace

TEST_CASE("a matrix is mapped, a column is one row, doubles are converted") {
  test::ScratchFolder scratch;
  write_file(scratch / "m.bin", matrix({2, 3, 12, 5}, {1, 2, 3, 4, 5, 6.5f}));
  const Embeddings rows = read_embeddings(scratch / "m.bin");
  CHECK(rows.rows == 2);
  CHECK(rows.dim == 3);
  CHECK(rows.row(1)[2] == 6.5f);
  CHECK(rows.owned.f32() == nullptr);
  CHECK(rows.names.empty());

  write_file(scratch / "v.bin", matrix({3, 1, 4, 5}, {1, 2, 3}));
  CHECK(read_matrix(scratch / "v.bin").rows == 1);
  CHECK(read_matrix(scratch / "v.bin").dim == 3);

  const std::vector<double> doubles = {0.1, -2};
  write_file(scratch / "d.bin", text_of(std::vector<int32_t>{2, 1, 4, 6}) + text_of(doubles));
  std::vector<float> row;
  CHECK(read_vector(scratch / "d.bin", row));
  CHECK(row == std::vector<float>{0.1f, -2});
  CHECK(read_matrix(scratch / "d.bin").row(0)[0] == 0.1f);
}

TEST_CASE("matrices are written as they are read, with names beside them") {
  test::ScratchFolder scratch;
  Embeddings rows = Embeddings::make(2, 2);
  for (int i = 0; i < 4; ++i) rows.owned.f32()[i] = static_cast<float>(i);
  rows.names = {"a", "b"};
  write_embeddings(scratch / "m.bin", rows);
  CHECK(read_text(scratch / "m.bin") == matrix({2, 2, 8, 5}, {0, 1, 2, 3}));
  CHECK(read_embeddings(scratch / "m.bin").names == rows.names);

  std::vector<float> expected(6'000'009);  // several blocks
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<float>(i % 1000);
  write_matrix(scratch / "long.bin", 2'000'003, 3,
               [&](int64_t i, float* row) { std::copy_n(expected.data() + 3 * i, 3, row); });
  CHECK(read_text(scratch / "long.bin") == matrix({2'000'003, 3, 12, 5}, expected));
}

TEST_CASE("what its header does not describe is refused in one line") {
  test::ScratchFolder scratch;
  const std::vector<float> six = {1, 2, 3, 4, 5, 6};
  const std::pair<std::string, std::string> cases[] = {
      {"", "its header alone has 16"},
      {std::string(15, '\0'), "15 bytes are no matrix"},
      {matrix({2, 3, 12, 4}, six), "type 4 at offset 12"},
      {matrix({-2, -3, 12, 5}, six), "-2 rows of -3 values"},
      {matrix({0, 3, 12, 5}, {}), "0 rows of 3 values"},
      {matrix({2, 4, 12, 5}, six), "announces 2 x 4 values of 4 bytes, but 24 bytes follow"},
      {matrix({2, 3, 12, 5}, six).substr(0, 39), "23 bytes follow"},
      {matrix({2, 3, 12, 5}, six) + "x", "25 bytes follow"},
      {matrix({2, 3, 24, 6}, six), "of 8 bytes, but 24"},
      {matrix({2147483647, 2147483647, 4, 6}, six), "2147483647 x 2147483647"},
  };
  for (const auto& [bytes, message] : cases) {
    const auto& shown = message;  // clang 14 captures no structured binding
    CAPTURE(shown);
    write_file(scratch / "m.bin", bytes);
    std::vector<float> row;
    for (const std::string& error : {error_of([&] { read_matrix(scratch / "m.bin"); }),
                                     error_of([&] { read_vector(scratch / "m.bin", row); })}) {
      CHECK(contains(error, message));
      CHECK(contains(error, "m.bin: "));
    }
  }
  write_file(scratch / "m.bin", matrix({2, 3, 12, 5}, six));
  std::vector<float> row;
  CHECK(
      contains(error_of([&] { read_vector(scratch / "m.bin", row); }), "a matrix of 2 x 3, not one feature"));
  CHECK_FALSE(read_vector(scratch / "absent.bin", row));
  CHECK_THROWS_AS(read_vector(scratch.path(), row), Error);
  write_file(scratch / "long.bin", matrix({1 << 19, 1, 4, 5}, std::vector<float>(1 << 19)));
  CHECK(contains(error_of([&] { read_vector(scratch / "long.bin", row); }), "no single feature"));
}

TEST_CASE("a tree of features: order of the caller, missing ones NaN, faults named") {
  test::ScratchFolder scratch;
  const std::vector<std::string> names = {"P/b.png", "1/2/c.jpg", "P/a.png", "1/2/gone.jpg", "plain.png"};
  const auto name = [&](int64_t i) -> const std::string& { return names[static_cast<size_t>(i)]; };
  const auto count = static_cast<int64_t>(names.size());
  const auto read = [&](const std::string& algorithm) {
    return read_feature_tree(scratch.path(), algorithm, count, name);
  };
  CHECK(contains(error_of([&] { read(""); }), "no feature file of 'P/b.png'"));
  write_file(scratch / "facescrub/P/a.png_net.bin", matrix({2, 1, 4, 5}, {1, 2}));
  write_file(scratch / "facescrub/P/b.png_net.bin", matrix({2, 1, 4, 5}, {3, 4}));
  write_file(scratch / "megaface/1/2/c.jpg_net.bin", matrix({1, 2, 8, 5}, {5, 6}));
  write_file(scratch / "plain.png_net.bin", matrix({2, 1, 4, 5}, {7, 8}));
  for (const char* algorithm : {"", "net"}) {
    const Embeddings rows = read(algorithm);
    CHECK(rows.rows == 5);
    CHECK(rows.dim == 2);
    for (const auto& [i, value] : {std::pair(0, 3), {1, 5}, {2, 1}, {4, 7}}) {
      CHECK(rows.row(i)[0] == static_cast<float>(value));
      CHECK(rows.row(i)[1] == static_cast<float>(value + 1));
    }
    CHECK(std::isnan(rows.row(3)[0]));
    CHECK(std::isnan(rows.row(3)[1]));
  }
  CHECK(contains(error_of([&] { read("other"); }), "no image of the list has a feature file …_other.bin"));
  write_file(scratch / "facescrub/P/b.png_net2.bin", matrix({2, 1, 4, 5}, {3, 4}));
  CHECK(contains(error_of([&] { read(""); }), "choose one: net, net2"));
  write_file(scratch / "megaface/1/2/c.jpg_net.bin", matrix({3, 1, 4, 5}, {5, 6, 7}));
  CHECK(contains(error_of([&] { read("net"); }), "c.jpg_net.bin: 3 values, but others have 2"));
  write_file(scratch / "megaface/1/2/c.jpg_net.bin", "short");
  CHECK(contains(error_of([&] { read("net"); }), "c.jpg_net.bin: 5 bytes are no matrix"));
  CHECK_THROWS_AS(read_feature_tree(scratch / "nowhere", "", count, name), Error);
}
