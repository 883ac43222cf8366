// A table for other programs: comma-separated values, one line a row, footnotes left out.
#include "report/print.h"

namespace fr {

namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

}  // namespace

std::string print_csv(const Table& table) {
  std::string text = "section";
  for (size_t c = 0; c < table.header.size(); ++c) {
    text += "," + quoted(table.header[c]);
    if (c > 0) text += "," + quoted(table.header[c] + " spread");
  }
  text += "\n";
  for (const Section& section : table.sections) {
    for (const TableRow& row : section.rows) {
      text += quoted(section.title) + "," + quoted(row.label);
      for (const Cell& cell : row.cells) text += "," + quoted(cell.number) + "," + quoted(cell.spread);
      text += "\n";
    }
  }
  return text;
}

}  // namespace fr
