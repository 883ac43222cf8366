#include "report/paper_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"

namespace fr {

namespace {

constexpr int kPaperSchema = 1;

PaperColumn column_from(const Json& json) {
  PaperColumn column;
  column.name = json.at("name");
  column.unit = json.at("unit");
  column.digits = json.at("digits");
  column.ranked = json.value("best", "high") == "high";
  if (json.contains("protocol")) {
    column.feed = ColumnFeed{.protocol = json.at("protocol"),
                             .metric = json.at("metric"),
                             .scale = json.at("scale"),
                             .official = json.value("official", std::map<std::string, int64_t>{})};
  }
  return column;
}

PaperNumber number_from(const Json& json, const PaperColumn& column) {
  PaperNumber number;
  number.value = json.at("value");
  number.text = json.value("text", fmt::format("{:.{}f}", number.value, column.digits));
  number.unit = json.at("unit");
  number.version = json.at("paper_version");
  number.source = json.at("source");
  number.note = json.value("note", "");
  return number;
}

void check_number(const PaperTable& table, const PaperNumber& number, const PaperColumn& column,
                  const std::string& where) {
  FR_CHECK(number.version == "v3" || number.version == "v4" || number.version == "none",
           "{}: paper_version '{}' is not v3, v4 or none", where, number.version);
  FR_CHECK(number.unit == column.unit, "{}: unit '{}' differs from the column's '{}'", where, number.unit,
           column.unit);
  for (const std::string_view letter : split(number.source, '+')) {
    FR_CHECK(table.sources.contains(std::string(letter)), "{}: source '{}' is not explained in 'sources'",
             where, letter);
  }
}

PaperRow row_from(const Json& json, const PaperTable& table, const std::string& where) {
  PaperRow row{.label = json.at("label"), .note = json.value("note", ""), .numbers = {}};
  const std::string here = fmt::format("{}: row '{}'", where, row.label);
  const Json& cells = json.at("cells");
  for (const PaperColumn& column : table.columns) {
    if (!cells.contains(column.name)) continue;
    const PaperNumber number = number_from(cells.at(column.name), column);
    check_number(table, number, column, here + ", column '" + column.name + "'");
    row.numbers[column.name] = number;
  }
  FR_CHECK(!cells.empty(), "{} has no number", here);
  FR_CHECK(row.numbers.size() == cells.size(), "{} has a cell that is in no column", here);
  for (const auto& [name, number] : row.numbers) {
    FR_CHECK(number.version == row.version(), "{} mixes paper versions {} and {}", here, row.version(),
             number.version);
  }
  return row;
}

}  // namespace

const std::string& PaperRow::version() const { return numbers.begin()->second.version; }

std::vector<std::string> PaperTable::versions() const {
  std::set<std::string> versions;
  for (const PaperRow& row : rows) versions.insert(row.version());
  return {versions.begin(), versions.end()};
}

PaperTable read_paper_table(const std::filesystem::path& path) {
  const Json json = read_json(path);
  try {
    FR_CHECK(json.at("schema") == kPaperSchema, "{}: schema {} is not known (this program reads {})",
             path.string(), json.at("schema").dump(), kPaperSchema);
    PaperTable table;
    const bool numbered = json.contains("table");
    table.name = numbered ? fmt::format("Table {}", json.at("table").get<int>()) : path.stem().string();
    table.title = json.at("title");
    if (numbered) table.title = table.name + ": " + table.title;
    table.row_header = json.at("row_header");
    table.notes = json.value("notes", std::vector<std::string>{});
    table.sources = json.at("sources");
    for (const Json& column : json.at("columns")) table.columns.push_back(column_from(column));
    for (const Json& row : json.at("rows")) table.rows.push_back(row_from(row, table, path.string()));
    return table;
  } catch (const Json::exception& error) {
    fail("{}: not a published table: {}", path.string(), error.what());
  }
}

}  // namespace fr
