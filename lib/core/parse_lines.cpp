#include "core/parse_lines.h"

#include <algorithm>

namespace fr {

std::vector<LineRange> split_lines(std::string_view text) {
  constexpr size_t kLeast = 1 << 18;  // bytes a thread
  const size_t wanted = std::clamp<size_t>(text.size() / kLeast, 1, static_cast<size_t>(thread_count()));
  std::vector<LineRange> ranges;
  for (size_t i = 0, begin = 0; i < wanted; ++i) {
    size_t end = std::max(begin, text.size() * (i + 1) / wanted);
    while (end < text.size() && end > begin && text[end - 1] != '\n') ++end;
    ranges.push_back({text.substr(begin, end - begin)});
    begin = end;
  }
  std::vector<int64_t> lines(ranges.size());
  parallel_for(std::ssize(ranges), [&](int64_t i) {
    const std::string_view range = ranges[static_cast<size_t>(i)].text;
    lines[static_cast<size_t>(i)] =
        std::count(range.begin(), range.end(), '\n') + (!range.empty() && range.back() != '\n');
  });
  for (size_t i = 1; i < ranges.size(); ++i) ranges[i].first = ranges[i - 1].first + lines[i - 1];
  ranges.push_back({{}, ranges.back().first + lines.back()});
  return ranges;
}

bool FieldReader::next(std::string_view& field) {
  if (at_end()) return false;
  const auto ends = [&](char c) { return separator_ == ' ' ? is_blank(c) : c == separator_; };
  const char* begin = at_;
  const char* const stop = std::find_if(begin, end_, ends);
  const char* last = stop;
  while (last > begin && is_blank(last[-1])) --last;
  while (begin < last && is_blank(*begin)) ++begin;
  field = {begin, static_cast<size_t>(last - begin)};
  ended_ = stop == end_;
  at_ = ended_ || separator_ == ' ' ? stop : stop + 1;
  return true;
}

}  // namespace fr
