// The published numbers: all nine tables are there, every number has a version and an explained source, and
// values copied by hand from the specification stand where they belong.
#include "report/paper_table.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "core/shipped.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

namespace {

const fs::path kPaper = fs::path(FR_SOURCE_DIR) / "results" / "paper";

PaperTable table(const std::string& name) { return read_paper_table(kPaper / (name + ".json")); }

const PaperNumber& number(const PaperTable& table, const std::string& version, const std::string& row,
                          const std::string& column) {
  for (const PaperRow& candidate : table.rows) {
    if (candidate.label == row && candidate.version() == version && candidate.numbers.contains(column)) {
      return candidate.numbers.at(column);
    }
  }
  FAIL(table.name, ": no number for ", version, ", ", row, ", ", column);
  static const PaperNumber none;
  return none;
}

int64_t rows_of(const PaperTable& table, const std::string& version) {
  return std::ranges::count_if(table.rows, [&](const PaperRow& row) { return row.version() == version; });
}

std::string error_of(const Json& json) {
  const test::ScratchFolder scratch;
  write_json(scratch / "t.json", json);
  try {
    read_paper_table(scratch / "t.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every file reads, and every number has value, unit, version and source") {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kPaper)) {
    CAPTURE(entry.path().string());
    REQUIRE(entry.path().extension() == ".json");
    const PaperTable read = read_paper_table(entry.path());
    names.insert(entry.path().stem().string());
    CHECK_FALSE(read.title.empty());
    CHECK_FALSE(read.columns.empty());
    CHECK_FALSE(read.rows.empty());
    for (const PaperRow& row : read.rows) {
      for (const auto& [column, cell] : row.numbers) {
        CAPTURE(row.label);
        const auto& shown = column;  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(std::isfinite(cell.value));
        CHECK_FALSE(cell.text.empty());
        CHECK_FALSE(cell.source.empty());
      }
    }
    const Json json = read_json(entry.path());
    for (const Json& row : json["rows"]) {
      for (const auto& [column, cell] : row["cells"].items()) {
        for (const char* key : {"value", "unit", "paper_version", "source"}) CHECK(cell.contains(key));
      }
    }
  }
  for (int i = 1; i <= 9; ++i) CHECK(names.contains("table" + std::to_string(i)));
}

TEST_CASE("the paper's rows are complete") {
  CHECK(rows_of(table("table1"), "v3") == 16);
  CHECK(rows_of(table("table1"), "v4") == 15);
  CHECK(rows_of(table("table2"), "v3") == 20);
  CHECK(rows_of(table("table2"), "v4") == 21);
  CHECK(rows_of(table("table3"), "v3") == 6);
  CHECK(rows_of(table("table4"), "v3") == 12);
  CHECK(rows_of(table("table5"), "v3") == 6);
  CHECK(rows_of(table("table6"), "v3") == 16);
  CHECK(rows_of(table("table7"), "v3") == 11);
  CHECK(rows_of(table("table8"), "v3") == 5);
  CHECK(rows_of(table("table9"), "v3") == 5);
  CHECK(table("extra_stepwise_ijbc").rows.size() == 7);
  CHECK(table("extra_margins_r100").rows.size() == 8);
  CHECK(table("extra_random_angles").rows.size() == 8);
}

TEST_CASE("numbers of the specification") {
  struct Expected {
    const char *table, *version, *row, *column;
    double value;
    const char* source;
  };
  const Expected expected[] = {
      {"table1", "v3", "CASIA", "#Identity", 10000, "A"},
      {"table1", "v3", "AgeDB-30", "#Image / video", 16488, "A+B"},
      {"table1", "v3", "Trillion-Pairs", "#Image / video", 1.58e6, "A"},
      {"table1", "v4", "IBUG-500K", "#Image / video", 11.96e6, "B"},
      {"table2", "v3", "ArcFace (0.5)", "LFW", 99.53, "A+B+C"},
      {"table2", "v3", "ArcFace (0.5)", "CFP-FP", 95.56, "A+B+C"},
      {"table2", "v3", "ArcFace (0.5)", "AgeDB-30", 95.15, "A+B+C"},
      {"table2", "v3", "SphereFace (1.35)", "AgeDB-30", 91.70, "A+B+C"},
      {"table2", "v3", "CM1 (1, 0.3, 0.2)", "LFW", 99.48, "A+B+C"},
      {"table2", "v3", "NS+Intra+Inter", "CFP-FP", 94.00, "A+M"},
      {"table2", "v3", "ArcFace+Triplet", "AgeDB-30", 94.40, "A+B+C"},
      {"table2", "v4", "NS+Intra+Inter", "CFP-FP", 94.88, "B"},
      {"table2", "v4", "Norm-Softmax (NS, s=20)", "LFW", 99.20, "B"},
      {"table3", "v3", "W-EC", "NS", 44.26, "A+S"},
      {"table3", "v3", "W-EC", "IntraL", 8.83, "A"},
      {"table3", "v3", "Inter2 (LFW)", "TripletL", 55.94, "A"},
      {"table4", "v3", "FaceNet", "#Image", 200e6, "A+B"},
      {"table4", "v3", "SphereFace", "LFW", 99.42, "B+C"},
      {"table4", "v3", "MS1MV2, R100, ArcFace", "YTF", 98.02, "A"},
      {"table4", "v4", "IBUG500K, R100, ArcFace", "YTF", 98.01, "B"},
      {"table5", "v3", "MS1MV2, R100, ArcFace", "CPLFW", 92.08, "A+C"},
      {"table5", "v3", "Center Loss", "LFW", 98.75, "A"},
      {"table6", "v3", "CASIA, R50, ArcFace", "Id", 77.50, "M"},
      {"table6", "v3", "SphereFace", "Id", 72.729, "A+B+C"},
      {"table6", "v3", "CosFace (large, private)", "Ver", 96.65, "B"},
      {"table6", "v3", "MS1MV2, R100, ArcFace, R", "Id", 98.35, "A+C"},
      {"table6", "v4", "IBUG500K, R100, ArcFace, R", "Ver", 99.08, "B"},
      {"table7", "v3", "MS1MV2, R100, ArcFace", "IJB-C", 0.956, "A+C+S"},
      {"table7", "v4", "VGG2, R50, ArcFace", "IJB-C", 0.9279, "B"},
      {"table8", "v3", "MS1MV2+Asian", "Id (@FPR=1e-3)", 84.840, "A+S"},
      {"table8", "v3", "CIGIT IRSEC", "Ver (@FPR=1e-9)", 81.558, "A+M"},
      {"table9", "v3", "+ Context", "MAP@100", 88.65, "A"},
      {"extra_margins_r100", "none", "CM2", "AgeDB-30", 98.16, "C"},
      {"extra_stepwise_ijbc", "none", "N0D1F1", "1e-4", 0.962775, "C"},
      {"extra_random_angles", "none", "exact integration, d=512", "n=1e6", 72.35, "D"},
      {"extra_v4_table8", "v4", "VGG2", "IJB-B Ver", 41.64, "B"},
  };
  for (const Expected& e : expected) {
    CAPTURE(e.table);
    CAPTURE(e.row);
    CAPTURE(e.column);
    const PaperTable read = table(e.table);
    const PaperNumber& found = number(read, e.version, e.row, e.column);
    CHECK(found.value == e.value);
    CHECK(found.source == e.source);
  }
}

TEST_CASE("a numbered table says its number in its title") {
  CHECK(table("table2").title ==
        "Table 2: Verification accuracy of different losses, [CASIA, ResNet50, loss*]");
  CHECK(table("extra_random_angles").title.starts_with("Appendix 5.2"));
}

TEST_CASE("slips and printed forms are kept") {
  const PaperTable six = table("table6"), four = table("table4"), seven = table("table7");
  CHECK(number(six, "v3", "CASIA, R50, ArcFace", "Id").note.find("77350") != std::string::npos);
  CHECK(number(six, "v3", "CosFace (large, private)", "Ver").note.find("93.69") != std::string::npos);
  CHECK(number(four, "v3", "Deep Face", "YTF").text == "91.4");
  CHECK(number(four, "v3", "DeepID", "YTF").text == "93.20");
  CHECK(number(four, "v3", "DeepID", "#Image").text == "0.2M");
  CHECK(number(seven, "v3", "SENet50", "IJB-B").text == "0.800");
  CHECK(number(six, "v3", "SphereFace", "Ver").text == "85.561");
}

TEST_CASE("which of our numbers feeds which column") {
  const PaperTable two = table("table2"), seven = table("table7");
  REQUIRE(two.columns.size() == 3);
  const char* protocols[] = {"lfw", "cfp_fp", "agedb_30"};
  const int64_t pairs[] = {6000, 7000, 6000};
  for (size_t i = 0; i < 3; ++i) {
    REQUIRE(two.columns[i].feed.has_value());
    CHECK(two.columns[i].feed->protocol == protocols[i]);
    CHECK(two.columns[i].feed->metric == "accuracy");
    CHECK(two.columns[i].feed->scale == 100);
    CHECK(two.columns[i].feed->official.at("pairs") == pairs[i]);
  }
  REQUIRE(seven.columns[1].feed.has_value());
  CHECK(seven.columns[1].feed->metric == "tar@far=1e-4");
  CHECK(seven.columns[1].feed->official.at("pairs") == 19557 + 15638932);
}

TEST_CASE("a wrong file is refused in one line that names the place") {
  const Json good = read_json(kPaper / "table2.json");
  CHECK(error_of(good).empty());
  Json bad = good;
  bad["rows"][0]["cells"]["LFW"]["source"] = "A+Z";
  CHECK(error_of(bad).find("row 'ArcFace (0.4)', column 'LFW': source 'Z' is not explained") !=
        std::string::npos);
  bad = good;
  bad["rows"][0]["cells"]["LFW"]["paper_version"] = "v4";
  CHECK(error_of(bad).find("mixes paper versions") != std::string::npos);
  bad = good;
  bad["rows"][0]["cells"]["LFW"].erase("paper_version");
  CHECK(error_of(bad).find("paper_version") != std::string::npos);
  bad = good;
  bad["rows"][0]["cells"]["YTF"] = bad["rows"][0]["cells"]["LFW"];
  CHECK(error_of(bad).find("in no column") != std::string::npos);
  bad = good;
  bad["rows"][0]["cells"]["LFW"]["unit"] = "fraction";
  CHECK(error_of(bad).find("unit 'fraction'") != std::string::npos);
  CHECK(error_of(Json::object()).find("not a published table") != std::string::npos);
}

TEST_CASE("the folder of the source tree is found without an installation") {
  CHECK(fs::equivalent(shipped_folder("results/paper"), kPaper));
}
