// A table for web pages: plain HTML, to be styled by the page.
#include "report/print.h"

namespace fr {

namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else
      result += c;
  }
  return result;
}

std::string cell_text(const Cell& cell) {
  if (cell.number.empty()) return kNothing;
  std::string text = cell.best ? "<b>" + escaped(cell.number) + "</b>" : escaped(cell.number);
  if (!cell.spread.empty()) text += " " + escaped(cell.spread);
  for (const int note : cell.notes) text += "<sup>" + std::to_string(note) + "</sup>";
  return text;
}

}  // namespace

std::string print_html(const Table& table) {
  const std::string columns = std::to_string(table.header.size());
  std::string text = "<table>\n<caption>" + escaped(table.title) + "</caption>\n<thead><tr>";
  for (const std::string& name : table.header) text += "<th>" + escaped(name) + "</th>";
  text += "</tr></thead>\n";
  for (const Section& section : table.sections) {
    text += "<tbody>\n<tr><th colspan=\"" + columns + "\">" + escaped(section.title) + "</th></tr>\n";
    for (const TableRow& row : section.rows) {
      text += "<tr><td>" + escaped(row.label) + "</td>";
      for (const Cell& cell : row.cells) text += "<td>" + cell_text(cell) + "</td>";
      text += "</tr>\n";
    }
    text += "</tbody>\n";
  }
  text += "</table>\n";
  for (size_t i = 0; i < table.footnotes.size(); ++i) {
    text += "<p><sup>" + std::to_string(i + 1) + "</sup> " + escaped(table.footnotes[i]) + "</p>\n";
  }
  for (const std::string& remark : table.remarks) text += "<p>" + escaped(remark) + "</p>\n";
  return text;
}

}  // namespace fr
