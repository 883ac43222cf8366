// Known answers of formats/npy: what must be read with which values, what must be refused.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/npy.h"
#include "support/support.h"

using namespace fr;

namespace {

void flatten(const Json& value, std::vector<double>& out) {
  if (!value.is_array()) return out.push_back(value.get<double>());
  for (const Json& element : value) flatten(element, out);
}

}  // namespace

TEST_CASE("npy files are read with the expected values or refused") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const std::filesystem::path folder = golden / "formats" / "npy";
  for (const Json& entry : read_json(folder / "expected.json")) {
    const std::string file = entry.at("file"), verdict = entry.at("verdict");
    CAPTURE(file);
    if (verdict == "refuse") {
      CHECK_THROWS_AS(Npy(folder / file), Error);
      continue;
    }
    // Everything of verdict "read_or_refuse" is read here.
    Npy npy(folder / file);
    std::vector<double> expected;
    flatten(entry.at("values"), expected);
    CHECK(npy.shape() == entry.at("shape").get<std::vector<int64_t>>());
    CHECK(npy.fortran_order() == entry.at("fortran").get<bool>());
    CHECK(npy.doubles() == expected);
  }
}
