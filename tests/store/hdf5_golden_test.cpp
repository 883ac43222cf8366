// Known answers of formats/hdf5: storage forms that must be read bit for bit, files that must be refused.
#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/npy.h"
#include "store/store.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("HDF5 embedding files are read with the expected rows and names or refused") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const std::filesystem::path folder = golden / "formats" / "hdf5";
  for (const Json& entry : read_json(folder / "expected.json")) {
    const std::string file = entry.at("file");
    CAPTURE(file);
    if (entry.at("verdict") == "refuse") {
      try {
        read_embeddings(folder / file);
        FAIL_CHECK("read a file that must be refused");
      } catch (const Error& error) {
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
      }
      continue;
    }
    const Embeddings embeddings = read_embeddings(folder / file);
    const std::vector<float> expected = Npy(folder / entry.at("values").get<std::string>()).floats();
    REQUIRE(embeddings.rows == entry.at("rows").get<int64_t>());
    REQUIRE(embeddings.dim == entry.at("dim").get<int64_t>());
    CHECK(std::memcmp(embeddings.values, expected.data(), 4 * expected.size()) == 0);
    CHECK(embeddings.names == entry.value("names", std::vector<std::string>{}));
  }
}
