// AgeDB-30 (spec 4.4, 6.1): agedb_30.bin, the official 04_FINAL_protocol_30_years.mat, or pairs_label.txt
// with lines "image image label" in fold order.
#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/pair_plan.h"
#include "eval/protocol.h"
#include "store/mat.h"

namespace fr {

namespace {

constexpr const char* kOfficial = "04_FINAL_protocol_30_years.mat";

// The first text in it: an item of the official list is a cell (path, age), however wrapped.
const std::string* first_text(const MatValue& value) {
  if (value.kind == MatValue::Kind::kText) return &value.text;
  for (const MatValue& cell : value.cells)
    if (const std::string* text = first_text(cell)) return text;
  return nullptr;
}

// "PERSON_…", of at least five fields (insightface's packer asks for them).
std::string person_of(const std::string& image, const std::string& where) {
  const std::vector<std::string_view> fields = split(image, '_');
  FR_CHECK(fields.size() >= 5, "{}: '{}' is not 'person_…' of five fields", where, image);
  return std::string(fields[0]);
}

// `splits`: a cell for each fold, itself a cell of two rows, the images of a pair in each column.
ListedPairs read_official(const std::filesystem::path& list) {
  ListedPairs listed{list, {}, {"", "images", "crops_112", "AgeDB"}, Hasher().add_file(list).text()};
  listed.person = [](const std::string& image) { return person_of(image, image); };
  const std::vector<MatValue> variables = read_mat(list);
  const auto splits = std::ranges::find(variables, "splits", &MatValue::name);
  FR_CHECK(splits != variables.end(), "{}: no variable 'splits'", list.string());
  for (size_t k = 0; k < splits->cells.size(); ++k) {
    const MatValue* fold = &splits->cells[k];
    while (fold->cells.size() == 1) fold = &fold->cells[0];
    FR_CHECK(fold->kind == MatValue::Kind::kCell && fold->shape.size() == 2 && fold->shape[0] == 2,
             "{}: fold {}: not a cell of two rows", list.string(), k + 1);
    for (size_t j = 0; j < fold->cells.size(); j += 2) {
      const std::string where = fmt::format("{}: fold {}, pair {}", list.string(), k + 1, j / 2 + 1);
      const std::string *a = first_text(fold->cells[j]), *b = first_text(fold->cells[j + 1]);
      FR_CHECK(a != nullptr && b != nullptr, "{}: no image is named", where);
      listed.pairs.push_back({*a, *b, person_of(*a, where) == person_of(*b, where), where});
    }
  }
  return listed;
}

ListedPairs read_pairs(const std::filesystem::path& list) {
  const MappedFile file(list);
  ListedPairs listed{list, {}, {"", "images", "crops_112", "AgeDB"}, Hasher().add(file.text()).text()};
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.empty()) return;
    FR_CHECK(fields.size() == 3 && (fields[2] == "0" || fields[2] == "1"),
             "{}: expected 'image image 0|1', found '{}'", where, line);
    listed.pairs.push_back({std::string(fields[0]), std::string(fields[1]), fields[2] == "1", where});
  });
  return listed;
}

class AgeDb30 final : public Protocol {
 public:
  std::string title() const override { return "AgeDB, pairs 30 years apart"; }
  std::string needs() const override {
    return "agedb_30.bin, or 04_FINAL_protocol_30_years.mat or pairs_label.txt (lines 'image image 0|1', "
           "fold by "
           "fold) and the images";
  }
  Plan plan(const ProtocolOptions& options) const override {
    const std::filesystem::path data(options.data), list = data / "pairs_label.txt";
    Plan plan;
    if (const auto bin = find_bin(data, "agedb_30")) {
      plan = plan_of_bin("agedb_30", *bin, options);
    } else if (std::filesystem::exists(data / kOfficial)) {
      plan = plan_of_pairs("agedb_30", read_official(data / kOfficial), options);
    } else {
      FR_CHECK(std::filesystem::exists(list), "{}: holds neither agedb_30.bin nor {} nor pairs_label.txt",
               options.data, kOfficial);
      plan = plan_of_pairs("agedb_30", read_pairs(list), options);
    }
    publish_pairs(plan, 6000, 12000);
    return plan;
  }
};

const Protocol& agedb_30() {
  static const AgeDb30 protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("agedb_30", agedb_30);

}  // namespace

}  // namespace fr
