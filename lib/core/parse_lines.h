// parse_lines: a text of one record a line, parsed by all threads into records in the text's order. A fault
// names the file and the first line that has one.
#pragma once
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"

namespace fr {

// Whole lines of a text, and the index of the first of them in it.
struct LineRange {
  std::string_view text;
  int64_t first = 0;
};

// About equal ranges, at most one a thread, and one line behind the last as an empty range: its `first` is
// the number of lines. A last line without "\n" counts.
std::vector<LineRange> split_lines(std::string_view text);

// Takes a line apart: fields between runs of blanks, or between commas with the blanks around them.
class FieldReader {
 public:
  explicit FieldReader(std::string_view line, char separator = ' ') : rest_(line), separator_(separator) {}

  // The next field; false at the end of the line.
  bool next(std::string_view& field);
  // The next field as a number; false when there is none or it is not one, whole and in range.
  template <class Number>
  bool next(Number& number) {
    std::string_view field;
    if (!next(field)) return false;
    const char* end = field.data() + field.size();
    const auto [stop, error] = std::from_chars(field.data(), end, number);
    return error == std::errc{} && stop == end && !field.empty();
  }
  bool at_end();

 private:
  std::string_view rest_;
  char separator_;
  bool ended_ = false;  // behind the last of the fields between commas
};

// parse(line, record) fills a Record or throws fr::Error saying what is wrong with the line, which comes
// without "\n" or "\r\n". Lines are numbered from `first`. Throws fr::Error "WHERE:NUMBER: …".
template <class Record, class Parse>
std::vector<Record> parse_lines(std::string_view text, const std::string& where, const Parse& parse,
                                int64_t first = 1) {
  const std::vector<LineRange> ranges = split_lines(text);
  std::vector<Record> records(static_cast<size_t>(ranges.back().first));
  std::vector<std::string> faults(ranges.size());
  parallel_for(std::ssize(ranges), [&](int64_t r) {
    std::string_view rest = ranges[static_cast<size_t>(r)].text;
    int64_t i = ranges[static_cast<size_t>(r)].first;
    try {
      for (; !rest.empty(); ++i) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        parse(line, records[static_cast<size_t>(i)]);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    } catch (const Error& error) {
      faults[static_cast<size_t>(r)] = fmt::format("{}:{}: {}", where, first + i, error.what());
    }
  });
  for (const std::string& fault : faults) FR_CHECK(fault.empty(), "{}", fault);
  return records;
}

}  // namespace fr
