#include "core/lfw_pairs.h"

#include "core/error.h"
#include "core/files.h"

namespace fr {

namespace {

std::string image_of(std::string_view name, std::string_view number, const std::string& where) {
  const int64_t index = parse_int(number, where);
  FR_CHECK(index > 0, "{}: image number {}", where, index);
  return fmt::format("{0}/{0}_{1:04}", name, index);
}

int64_t announced_pairs(const std::vector<std::string_view>& fields, const std::string& where) {
  FR_CHECK(fields.size() == 1 || fields.size() == 2, "{}: expected 'folds pairs', found {} fields", where,
           fields.size());
  int64_t count = 2;
  for (const std::string_view field : fields) {
    const int64_t value = parse_int(field, where);
    FR_CHECK(value > 0 && value < 1'000'000, "{}: {} folds or pairs", where, value);
    count *= value;
  }
  return count;
}

}  // namespace

std::vector<LfwPair> parse_lfw_pairs(std::string_view text, const std::string& path) {
  std::vector<LfwPair> pairs;
  int64_t announced = 0, last = 0;
  for_each_line(text, [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", path, number);
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.empty()) return;
    last = number;
    if (announced == 0) {
      announced = announced_pairs(fields, where);
      return;
    }
    FR_CHECK(fields.size() == 3 || fields.size() == 4,
             "{}: expected 'name i j' or 'name i name j', found '{}'", where, line.substr(0, 80));
    const bool same = fields.size() == 3;
    pairs.push_back(
        {.a = image_of(fields[0], fields[1], where),
         .b = same ? image_of(fields[0], fields[2], where) : image_of(fields[2], fields[3], where),
         .same = same,
         .line = number});
  });
  FR_CHECK(announced > 0, "{}: an empty list", path);
  FR_CHECK(static_cast<int64_t>(pairs.size()) == announced,
           "{}:{}: the list ends after {} pairs, its first line promises {}", path, last, pairs.size(),
           announced);
  return pairs;
}

}  // namespace fr
