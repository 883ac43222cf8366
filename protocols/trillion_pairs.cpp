// Trillion-Pairs (spec 4.7, 6.6): testdata_lmk.txt and a list of labels. The challenge's own labels and
// formula were never published: the measures are this project's, and the result says so.
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/protocol.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

constexpr int64_t kDistractor = -1;

// Items in the order of testdata_lmk.txt: that of the submission's rows.
void read_items(const fs::path& list, std::string_view text, const ProtocolOptions& options, Plan& plan) {
  const fs::path images = fs::path(options.data) / "testdata";
  for_each_line(text, [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split_blanks(line);
    FR_CHECK(fields.size() == 11, "{}: expected an image and 10 coordinates, found {} fields", where,
             fields.size());
    Item item{.name = std::string(fields[0]), .file = {}};
    for (size_t k = 0; k < 10; ++k) {
      const double value = parse_double(fields[k + 1], where);
      item.landmarks[k] = static_cast<float>(value);
      FR_CHECK(std::isfinite(item.landmarks[k]), "{}: '{}' is not a finite f32 number", where, fields[k + 1]);
    }
    item.has_landmarks = true;
    if (options.images) {
      item.file = (images / item.name).string();
      FR_CHECK(is_file(item.file), "{}: no image {}", where, item.file);
    }
    plan.items.push_back(std::move(item));
  });
  FR_CHECK(!plan.items.empty(), "{}: lists no images", list.string());
}

// One integer a line: the person of a probe, or -1 for a distractor.
void read_labels(const fs::path& list, std::string_view text, Plan& plan) {
  DistractorSearch& search = plan.distractor_search.emplace();
  for_each_line(text, [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split_blanks(line);
    FR_CHECK(fields.size() == 1, "{}: expected one label, found '{}'", where, line.substr(0, 80));
    const int64_t label = parse_int(fields[0], where);
    FR_CHECK(label >= kDistractor, "{}: {} is neither a person (0 and above) nor -1 for a distractor", where,
             label);
    FR_CHECK(plan.subjects.size() < plan.items.size(), "{}: a label too many for {} images", where,
             plan.items.size());
    (label == kDistractor ? search.distractors : search.probes).push_back(std::ssize(plan.subjects));
    plan.subjects.push_back(label);
  });
  FR_CHECK(plan.subjects.size() == plan.items.size(), "{}:{}: the list ends, but there are {} images",
           list.string(), plan.subjects.size() + 1, plan.items.size());
  FR_CHECK(!search.probes.empty() && !search.distractors.empty(),
           "{}: {} probes and {} distractors (-1): both are "
           "needed",
           list.string(), search.probes.size(), search.distractors.size());
  search.far = {1e-9};
  search.fpir = {1e-3};
  search.ordered = false;
  search.variant["definition"] =
      "this project's own (the challenge's formula and labels were never published): verification = "
      "unordered genuine "
      "pairs against probe x distractor; identification = ordered pairs, the mate above the threshold and "
      "above the "
      "probe's best distractor";
}

class TrillionPairs final : public Protocol {
 public:
  std::string title() const override { return "Trillion-Pairs, probes among 1.58 million distractors"; }
  std::string needs() const override {
    return "testdata_lmk.txt (the order of the rows) and labels.txt (one line an image: its person's number, "
           "-1 for a "
           "distractor); testdata/ for --model";
  }
  std::string first_metric() const override { return "tpir@fpir=1e-3"; }
  std::vector<OwnOption> own_options() const override {
    return {{"--submission", "",
             "only write the challenge's matrix, unit rows in the order of testdata_lmk.txt, to this .bin; "
             "needs no "
             "labels.txt"}};
  }
  Plan plan(const ProtocolOptions& options) const override {
    const fs::path items_path = fs::path(options.data) / "testdata_lmk.txt";
    const fs::path labels_path = fs::path(options.data) / "labels.txt";
    const bool scored = options.embeddings && own_value(*this, options, "--submission").empty();
    const bool labels = fs::exists(labels_path) && own_value(*this, options, "--submission").empty();
    FR_CHECK(labels || !scored,
             "{}: no such file: without labels nothing can be scored (--submission needs none)",
             labels_path.string());
    Plan plan;
    plan.protocol = "trillion_pairs";
    plan.list = labels ? "testdata_lmk.txt, labels.txt" : "testdata_lmk.txt";
    const MappedFile items(items_path);
    read_items(items_path, items.text(), options, plan);
    Hasher hash;
    hash.add(items.text());
    if (labels) {
      const MappedFile file(labels_path);
      read_labels(labels_path, file.text(), plan);
      hash.add(file.text());
    }
    plan.content_hash = hash.text();
    plan.published = {{"items", 1862120}, {"people", 5749}};
    return plan;
  }
};

const Protocol& trillion_pairs() {
  static const TrillionPairs protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("trillion_pairs", trillion_pairs);

}  // namespace

}  // namespace fr
