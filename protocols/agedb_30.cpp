// AgeDB-30 (spec 4.4, 6.1): agedb_30.bin, or pairs_label.txt with lines "image image label" in fold order.
// The official 04_FINAL_protocol_30_years.mat is a binary MATLAB file and is not read.
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/pair_plan.h"
#include "eval/protocol.h"

namespace fr {

namespace {

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
    return "agedb_30.bin, or pairs_label.txt (lines 'image image 0|1', fold by fold) and its images; the "
           "official .mat is not read";
  }
  Plan plan(const ProtocolOptions& options) const override {
    const std::filesystem::path data(options.data), list = data / "pairs_label.txt";
    Plan plan;
    if (const auto bin = find_bin(data, "agedb_30")) {
      plan = plan_of_bin("agedb_30", *bin, options);
    } else {
      FR_CHECK(std::filesystem::exists(list),
               "{}: holds neither agedb_30.bin nor pairs_label.txt (the official .mat is not read)",
               options.data);
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
