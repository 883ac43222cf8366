#include "readers/lfw_people.h"

#include "core/error.h"
#include "core/files.h"

namespace fr {

std::vector<std::vector<std::string>> read_lfw_people(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::vector<std::vector<std::string>> sets;
  int64_t announced_sets = 0, announced_people = 0;
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", path.string(), number);
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.empty()) return;
    if (announced_sets == 0) {
      announced_sets = parse_int(line, where);
      FR_CHECK(announced_sets > 0 && announced_sets <= 1000, "{}: {} sets", where, announced_sets);
      return;
    }
    if (announced_people == 0) {
      FR_CHECK(fields.size() == 1, "{}: expected the number of people of a set, found '{}'", where, line);
      announced_people = parse_int(fields[0], where);
      FR_CHECK(announced_people > 0, "{}: {} people", where, announced_people);
      sets.emplace_back();
      return;
    }
    FR_CHECK(fields.size() == 2, "{}: expected 'name images', found '{}'", where, line);
    sets.back().emplace_back(fields[0]);
    --announced_people;
  });
  FR_CHECK(announced_people == 0 && static_cast<int64_t>(sets.size()) == announced_sets,
           "{}: the list ends in set {} of {}, {} people short", path.string(), sets.size(), announced_sets,
           announced_people);
  return sets;
}

}  // namespace fr
