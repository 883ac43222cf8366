// LFW view 2 (spec 4.4, 6.1): lfw.bin, or pairs.txt with NAME/NAME_0001.jpg images.
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/pair_plan.h"
#include "eval/protocol.h"

namespace fr {

namespace {

std::string image(std::string_view name, std::string_view number, const std::string& where) {
  return fmt::format("{0}/{0}_{1:04d}.jpg", name, parse_int(number, where));
}

// The header is "folds per_fold", or one number of pairs a class (the development lists).
int64_t pairs_promised(std::string_view line, const std::string& where) {
  const std::vector<std::string_view> fields = split_blanks(line);
  FR_CHECK(fields.size() == 1 || fields.size() == 2, "{}: expected 'folds pairs', found '{}'", where, line);
  int64_t pairs = 2;
  for (const std::string_view field : fields) {
    const int64_t value = parse_int(field, where);
    FR_CHECK(value > 0 && value < 1'000'000, "{}: {} folds or pairs", where, value);
    pairs *= value;
  }
  return pairs;
}

ListedPairs read_pairs(const std::filesystem::path& list) {
  const MappedFile file(list);
  ListedPairs listed{list, {}, {"", "crops_112", "lfw", "images"}, Hasher().add(file.text()).text()};
  int64_t promised = 0, last = 0;
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    last = number;
    if (number == 1) {
      promised = pairs_promised(line, where);
      return;
    }
    const std::vector<std::string_view> f = split_blanks(line);
    if (f.empty()) return;
    FR_CHECK(f.size() == 3 || f.size() == 4,
             "{}: expected 'name image image' or 'name image name image', found '{}'", where, line);
    const bool same = f.size() == 3;
    listed.pairs.push_back(
        {image(f[0], f[1], where), image(same ? f[0] : f[2], same ? f[2] : f[3], where), same, where});
  });
  FR_CHECK(std::ssize(listed.pairs) == promised,
           "{}:{}: the list ends after {} pairs, its first line promises {}", list.string(), last,
           listed.pairs.size(), promised);
  return listed;
}

class Lfw final : public Protocol {
 public:
  std::string title() const override { return "Labeled Faces in the Wild, view 2"; }
  std::string needs() const override {
    return "lfw.bin, or pairs.txt and a folder of images NAME/NAME_0001.jpg";
  }
  Plan plan(const ProtocolOptions& options) const override {
    const std::filesystem::path data(options.data);
    Plan plan;
    if (const auto bin = find_bin(data, "lfw")) {
      plan = plan_of_bin("lfw", *bin, options);
      publish_pairs(plan, 6000, 12000);
    } else {
      require_list(data / "pairs.txt", data, "lfw");
      plan = plan_of_pairs("lfw", read_pairs(data / "pairs.txt"), options);
      publish_pairs(plan, 6000, 12000);
      plan.published.emplace_back("items", 7701);
    }
    return plan;
  }
};

const Protocol& lfw() {
  static const Lfw protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("lfw", lfw);

}  // namespace

}  // namespace fr
