// A table for README files: GitHub's Markdown, padded so that the source reads as a table too.
#include <algorithm>

#include "report/print.h"

namespace fr {

namespace {

// What would end a cell or start markup where none is meant.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '_') result += '\\';
    result += c;
  }
  return result;
}

std::string cell_text(const Cell& cell) {
  if (cell.number.empty()) return kNothing;
  std::string text = cell.best ? "**" + cell.number + "**" : cell.number;
  if (!cell.spread.empty()) text += " " + cell.spread;
  return text + superscripts(cell);
}

using Line = std::vector<std::string>;

std::vector<Line> lines_of(const Table& table) {
  std::vector<Line> lines(1);
  for (const std::string& name : table.header) lines[0].push_back(escaped(name));
  for (const Section& section : table.sections) {
    Line title(table.header.size());
    title[0] = "*" + escaped(section.title) + "*";
    lines.push_back(title);
    for (const TableRow& row : section.rows) {
      Line line{escaped(row.label)};
      for (const Cell& cell : row.cells) line.push_back(cell_text(cell));
      lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace

std::string print_markdown(const Table& table) {
  const std::vector<Line> lines = lines_of(table);
  std::vector<int> widths(table.header.size(), 3);
  for (const Line& line : lines) {
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], display_width(line[c]));
  }
  std::string text = "**" + escaped(table.title) + "**\n\n";
  for (const Line& line : lines) {
    for (size_t c = 0; c < line.size(); ++c) {
      text += "| " + line[c] + std::string(static_cast<size_t>(widths[c] - display_width(line[c]) + 1), ' ');
    }
    text += "|\n";
    if (&line != &lines[0]) continue;
    for (const int width : widths) text += "|" + std::string(static_cast<size_t>(width) + 2, '-');
    text += "|\n";
  }
  if (table.footnotes.size() + table.remarks.size() > 0) text += "\n";
  for (size_t i = 0; i < table.footnotes.size(); ++i) {
    text += "- " + superscript(static_cast<int>(i) + 1) + " " + escaped(table.footnotes[i]) + "\n";
  }
  for (const std::string& remark : table.remarks) text += "- " + escaped(remark) + "\n";
  return text;
}

}  // namespace fr
