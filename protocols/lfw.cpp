// LFW view 2 (spec 4.4, 6.1): lfw.bin, or pairs.txt with NAME/NAME_0001.jpg images.
#include "core/files.h"
#include "core/hash.h"
#include "core/lfw_pairs.h"
#include "eval/pair_plan.h"
#include "eval/protocol.h"

namespace fr {

namespace {

ListedPairs read_pairs(const std::filesystem::path& list) {
  const MappedFile file(list);
  ListedPairs listed{
      list, {}, {"", "crops_112", "lfw", "images"}, Hasher().add(file.text()).text(), lfw_person};
  for (const LfwPair& pair : parse_lfw_pairs(file.text(), list.string()))
    listed.pairs.push_back(
        {pair.a + ".jpg", pair.b + ".jpg", pair.same, fmt::format("{}:{}", list.string(), pair.line)});
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
