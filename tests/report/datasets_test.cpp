// Manifests: one for each data set of the paper's Table 1, complete, and agreeing with the tables on official
// counts.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "report/paper_table.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

namespace {

const fs::path kSource = FR_SOURCE_DIR;

std::map<std::string, Json> manifests() {
  std::map<std::string, Json> all;
  for (const auto& entry : fs::directory_iterator(kSource / "datasets")) {
    if (entry.path().extension() == ".json") all[entry.path().stem().string()] = read_json(entry.path());
  }
  return all;
}

}  // namespace

TEST_CASE("every data set of Table 1 has one complete manifest") {
  std::map<std::string, int> rows;
  for (const auto& [file, json] : manifests()) {
    const auto& shown = file;  // clang 14 captures no structured binding
    CAPTURE(shown);
    CHECK(json.at("schema") == 1);
    CHECK(json.at("name") == file);
    CHECK((json.at("kind") == "train" || json.at("kind") == "test"));
    for (const char* key : {"title", "terms", "ask"}) CHECK_FALSE(json.at(key).get<std::string>().empty());
    CHECK(json.at("identities").get<int64_t>() > 0);
    CHECK(json.at("images").get<int64_t>() > 0);
    REQUIRE_FALSE(json.at("files").empty());
    for (const Json& one : json.at("files")) CHECK((one.contains("path") && one.contains("what")));
    ++rows[json.at("table1").get<std::string>()];
  }
  int expected = 0;
  for (const PaperRow& row : read_paper_table(kSource / "results/paper/table1.json").rows) {
    if (row.version() != "v3") continue;
    CAPTURE(row.label);
    CHECK(rows[row.label] == 1);
    ++expected;
  }
  CHECK(rows.size() == static_cast<size_t>(expected));
}

TEST_CASE("manifests agree with Table 1 to its printed digits") {
  std::map<std::string, Json> by_row;
  for (const auto& [file, json] : manifests()) by_row[json.at("table1")] = json;
  for (const PaperRow& row : read_paper_table(kSource / "results/paper/table1.json").rows) {
    if (row.version() != "v3") continue;
    CAPTURE(row.label);
    const auto near = [&](const char* key, const char* column) {
      const double printed = row.numbers.at(column).value, exact = by_row.at(row.label).at(key).get<double>();
      CHECK(std::abs(exact - printed) <= 0.06 * printed);  // "10K" for 10,575
    };
    near("identities", "#Identity");
    near("images", "#Image / video");
  }
}

TEST_CASE("a column's official counts are those of the manifest") {
  std::map<std::string, Json> by_protocol;
  for (const auto& [file, json] : manifests()) {
    if (json.contains("protocol")) by_protocol[json.at("protocol")] = json.at("counts");
  }
  for (const auto& entry : fs::directory_iterator(kSource / "results/paper")) {
    for (const PaperColumn& column : read_paper_table(entry.path()).columns) {
      if (!column.feed) continue;
      CAPTURE(entry.path().string());
      CAPTURE(column.name);
      REQUIRE(by_protocol.contains(column.feed->protocol));
      REQUIRE_FALSE(column.feed->official.empty());
      for (const auto& [name, count] : column.feed->official) {
        CHECK(by_protocol.at(column.feed->protocol).at(name) == count);
      }
    }
  }
}
