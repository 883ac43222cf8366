// parse_lines: a text of one record a line, parsed by all threads into records in the text's order. A fault
// names the file and the first line that has one.
#pragma once
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/long_vector.h"
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
  explicit FieldReader(std::string_view line, char separator = ' ')
      : at_(line.data()), end_(at_ + line.size()), separator_(separator) {}

  // The next field; false at the end of the line.
  bool next(std::string_view& field);
  bool next(double& number) { return next_number(number); }  // false also when the field is no number
  bool next(int64_t& number) {
    skip_blanks();
    const char* const begin = at_;
    int64_t value = 0;
    for (; at_ < end_ && *at_ >= '0' && *at_ <= '9' && at_ - begin < 18; ++at_)
      value = value * 10 + (*at_ - '0');
    if (separator_ == ' ' && at_ > begin && (at_ == end_ || is_blank(*at_))) {  // as most are
      number = value;
      return true;
    }
    at_ = begin;
    return next_number(number);
  }
  bool at_end() {
    if (separator_ == ' ') skip_blanks();
    return separator_ == ' ' ? at_ == end_ : ended_;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  void skip_blanks() {
    while (at_ < end_ && is_blank(*at_)) ++at_;
  }
  template <class Number>
  bool next_number(Number& number) {
    std::string_view field;
    if (!next(field)) return false;
    const char* const end = field.data() + field.size();
    const auto [stop, error] = std::from_chars(field.data(), end, number);
    return error == std::errc{} && stop == end && !field.empty();
  }

  const char *at_, *end_;
  char separator_;
  bool ended_ = false;  // behind the last of the fields between commas
};

// parse(line, record) fills a Record or throws fr::Error saying what is wrong with the line, which comes
// without "\n" or "\r\n". Lines are numbered from `first`. Throws fr::Error "WHERE:NUMBER: …".
template <class Record, class Parse>
std::vector<Record> parse_lines(std::string_view text, const std::string& where, const Parse& parse,
                                int64_t first = 1) {
  const std::vector<LineRange> ranges = split_lines(text);
  std::vector<Record> records = long_vector<Record>(ranges.back().first);
  std::vector<std::string> faults(ranges.size());
  parallel_for(std::ssize(ranges) - 1, [&](int64_t r) {
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
