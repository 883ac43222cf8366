// parse_template_pairs: the 15.7 million lines of the IJB-C pair list, cut at line ends and parsed by all
// threads.
#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "eval/ijb_plan.h"

namespace fr {

namespace {

// Template id -> index: a table where the ids lie close together (the official ones do), else a search.
class TemplateIndex {
 public:
  explicit TemplateIndex(const std::vector<int64_t>& ids) : ids_(ids) {
    if (ids.empty() || ids.front() < 0 || ids.back() >= kTableLimit) return;
    table_.assign(static_cast<size_t>(ids.back()) + 1, -1);
    for (size_t i = 0; i < ids.size(); ++i) table_[static_cast<size_t>(ids[i])] = static_cast<int32_t>(i);
  }
  int32_t find(int64_t id) const {  // -1: none
    if (!table_.empty()) return id < std::ssize(table_) ? table_[static_cast<size_t>(id)] : -1;
    const auto it = std::lower_bound(ids_.begin(), ids_.end(), id);
    return it != ids_.end() && *it == id ? static_cast<int32_t>(it - ids_.begin()) : -1;
  }

 private:
  static constexpr int64_t kTableLimit = int64_t{1} << 24;
  const std::vector<int64_t>& ids_;  // ascending
  std::vector<int32_t> table_;
};

// The pairs of whole lines, and where the first fault is.
struct Chunk {
  std::vector<Pair> pairs;
  int64_t lines = 0;
  std::string fault;  // of line `lines`
};

// The non-negative integer at `p`, after blanks; -1 when there is none or it does not end at a blank.
int64_t next_integer(const char*& p, const char* end) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (p < end && blank(*p)) ++p;
  const char* begin = p;
  int64_t value = 0;
  for (; p < end && *p >= '0' && *p <= '9' && p - begin < 18; ++p) value = value * 10 + (*p - '0');
  return p == begin || (p < end && !blank(*p)) ? -1 : value;
}

// Empty text when the line is good.
std::string parse_line(std::string_view line, const TemplateIndex& templates, std::vector<Pair>& pairs) {
  const char* p = line.data();
  const char* end = p + line.size();
  int64_t fields[3];
  for (int64_t& field : fields) field = next_integer(p, end);
  if (fields[0] < 0 || fields[1] < 0 || fields[2] < 0 ||
      std::any_of(p, end, [](char c) { return c != ' ' && c != '\t' && c != '\r'; })) {
    return fmt::format("expected 'template template label', found '{}'", line.substr(0, 80));
  }
  if (fields[2] > 1) return fmt::format("label {} is neither 0 nor 1", fields[2]);
  const int32_t a = templates.find(fields[0]), b = templates.find(fields[1]);
  if (a < 0 || b < 0) return fmt::format("template {} has no images", a < 0 ? fields[0] : fields[1]);
  pairs.push_back({a, b, fields[2] == 1});
  return {};
}

Chunk parse_chunk(std::string_view text, const TemplateIndex& templates) {
  Chunk chunk;
  chunk.pairs.reserve(text.size() / 12);
  while (!text.empty() && chunk.fault.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    ++chunk.lines;
    chunk.fault = parse_line(text.substr(0, end), templates, chunk.pairs);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return chunk;
}

}  // namespace

std::vector<Pair> parse_template_pairs(std::string_view text, const std::string& where,
                                       const std::vector<int64_t>& ids) {
  const TemplateIndex templates(ids);
  constexpr size_t kLeast = 1 << 20;  // bytes a thread
  const size_t wanted = std::clamp<size_t>(text.size() / kLeast, 1, static_cast<size_t>(thread_count()));
  std::vector<std::string_view> parts;
  for (size_t i = 0, begin = 0; i < wanted; ++i) {
    size_t end = text.size() * (i + 1) / wanted;
    if (end < begin) end = begin;
    while (end < text.size() && end > 0 && text[end - 1] != '\n') ++end;
    parts.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  std::vector<Chunk> chunks(parts.size());
  parallel_for(std::ssize(parts), [&](int64_t i) {
    chunks[static_cast<size_t>(i)] = parse_chunk(parts[static_cast<size_t>(i)], templates);
  });

  size_t total = 0;
  int64_t lines = 0;
  for (const Chunk& chunk : chunks) {
    lines += chunk.lines;
    total += chunk.pairs.size();
    FR_CHECK(chunk.fault.empty(), "{}:{}: {}", where, lines, chunk.fault);
  }
  FR_CHECK(total > 0, "{}: lists no pairs", where);
  if (chunks.size() == 1) return std::move(chunks[0].pairs);
  std::vector<Pair> pairs;
  pairs.reserve(total);
  for (Chunk& chunk : chunks) {
    pairs.insert(pairs.end(), chunk.pairs.begin(), chunk.pairs.end());
    chunk.pairs = {};
  }
  return pairs;
}

}  // namespace fr
