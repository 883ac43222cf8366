// MATLAB 5 files: cells and text, plain and compressed; whatever is cut, damaged or too large is refused.
#include "store/mat.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "core/error.h"
#include "core/files.h"
#include "support/mat.h"
#include "support/support.h"

using namespace fr;
using namespace fr::test;

namespace {

std::string compressed(const std::string& variable) {
  std::string out(compressBound(variable.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(variable.data()),
           variable.size());
  out.resize(size);
  return mat_word(15) + mat_word(static_cast<uint32_t>(size)) + out;
}

std::string sample() {
  const std::string structure = mat_matrix(2, 1, 1, "", mat_element(1, "whatever"));
  return mat_cell(
      2, 2, {mat_text("a_b.jpg"), mat_number(30), mat_cell(1, 1, {mat_text("inside")}), structure}, "splits");
}

std::string error_of(const ScratchFolder& scratch, const std::string& contents) {
  write_file(scratch / "x.mat", contents);
  try {
    read_mat(scratch / "x.mat");
  } catch (const Error& error) {
    return std::string(error.what()).substr((scratch / "x.mat").string().size());
  }
  return "no error";
}

}  // namespace

TEST_CASE("cells and text come back, compressed or not") {
  ScratchFolder scratch;
  const std::string real = mat_matrix(6, 1, 2, "x", mat_element(9, std::string(16, '\1')));
  for (const std::string& variables : {sample() + real, compressed(sample()) + real}) {
    write_file(scratch / "x.mat", mat_file(variables));
    const std::vector<MatValue> found = read_mat(scratch / "x.mat");
    REQUIRE(found.size() == 2);
    const MatValue& splits = found[0];
    CHECK(splits.name == "splits");
    CHECK(splits.kind == MatValue::Kind::kCell);
    CHECK(splits.shape == std::vector<int64_t>{2, 2});
    REQUIRE(splits.cells.size() == 4);
    CHECK(splits.cells[0].text == "a_b.jpg");
    CHECK(splits.cells[1].kind == MatValue::Kind::kOther);
    CHECK(splits.cells[1].shape == std::vector<int64_t>{1, 1});
    CHECK(splits.cells[2].cells.at(0).text == "inside");
    CHECK(splits.cells[3].kind == MatValue::Kind::kOther);
    CHECK(found[1].name == "x");
    CHECK(found[1].shape == std::vector<int64_t>{1, 2});
  }
}

TEST_CASE("a MATLAB file cut anywhere inside a variable is refused") {
  ScratchFolder scratch;
  for (const std::string& variable : {sample(), compressed(sample())}) {
    const std::string whole = mat_file(variable);
    CHECK(error_of(scratch, whole) == "no error");
    for (size_t size = 129; size < whole.size(); size += 5) {
      CAPTURE(size);
      CHECK(error_of(scratch, whole.substr(0, size)).starts_with(": offset 128: "));
    }
  }
}

TEST_CASE("hostile MATLAB files are refused without memory") {
  ScratchFolder scratch;
  CHECK(error_of(scratch, "MATLAB 7.3 MAT-file") == ": not a little-endian MATLAB file of version 5");
  CHECK(error_of(scratch, mat_file(mat_matrix(1, 1 << 30, 1 << 30, "x", ""))) ==
        ": offset 128: 1152921504606846976 cells in 0 bytes");
  CHECK(error_of(scratch, mat_file(mat_matrix(1, -1, 1, "x", ""))) == ": offset 128: a shape with side -1");
  std::string many(8 << 20, '\0');  // a million empty cells
  for (size_t at = 0; at < many.size(); at += 8) many[at] = 14;
  CHECK(error_of(scratch, mat_file(mat_matrix(1, 1 << 20, 1, "x", many))) ==
        ": offset 128: more than 262144 values");
  const std::string endless(size_t{80} << 20, '\0');
  CHECK(error_of(scratch, mat_file(compressed(endless))).find("of more than") != std::string::npos);
  std::string damaged = compressed(sample());
  damaged[damaged.size() / 2] ^= 1;
  CHECK(error_of(scratch, mat_file(damaged)) != "no error");
  std::string deep = mat_text("x");
  for (int i = 0; i < 40; ++i) deep = mat_cell(1, 1, {deep});
  CHECK(error_of(scratch, mat_file(deep)) == ": offset 128: cells nest more than 16 deep");
}
