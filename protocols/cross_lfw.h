// What calfw and cplfw share: LFW's people across age and across pose (spec 4.4).
#pragma once
#include <string>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/folds.h"
#include "eval/pair_plan.h"
#include "eval/protocol.h"

namespace fr {

// Lines "image label"; two consecutive lines make a pair, genuine when the label is not 0. In file order: all
// genuine pairs come first.
inline std::vector<ListedPair> read_cross_lfw(const std::filesystem::path& list, std::string_view text) {
  std::vector<ListedPair> pairs;
  std::string first;
  bool first_same = false, half = false;
  for_each_line(text, [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.empty()) return;
    FR_CHECK(fields.size() == 2, "{}: expected 'image label', found '{}'", where, line);
    const bool same = parse_int(fields[1], where) != 0;
    if (half) {
      FR_CHECK(same == first_same, "{}: the two lines of a pair disagree whether it is genuine", where);
      pairs.push_back({first, std::string(fields[0]), same, where});
    } else {
      first = fields[0];
      first_same = same;
    }
    half = !half;
  });
  FR_CHECK(!half, "{}: the last pair has one line only", list.string());
  return pairs;
}

// Fold k = the k-th tenth of the genuine pairs, then the k-th tenth of the impostor pairs; in file order
// contiguous folds would hold one class each.
inline std::vector<ListedPair> interleave_folds(const std::filesystem::path& list,
                                                std::vector<ListedPair> pairs) {
  std::vector<ListedPair> classes[2], result;
  for (ListedPair& pair : pairs) classes[pair.same].push_back(std::move(pair));
  FR_CHECK(classes[0].size() >= 10 && classes[1].size() >= 10,
           "{}: {} genuine and {} impostor pairs are too few for 10 folds", list.string(), classes[1].size(),
           classes[0].size());
  const std::vector<Fold> genuine = k_folds(std::ssize(classes[1]), 10);
  const std::vector<Fold> impostor = k_folds(std::ssize(classes[0]), 10);
  for (size_t k = 0; k < 10; ++k) {
    for (int64_t i = genuine[k].begin; i < genuine[k].end; ++i) {
      result.push_back(std::move(classes[1][static_cast<size_t>(i)]));
    }
    for (int64_t i = impostor[k].begin; i < impostor[k].end; ++i) {
      result.push_back(std::move(classes[0][static_cast<size_t>(i)]));
    }
  }
  return result;
}

// name: "calfw" or "cplfw"; list_name: "pairs_CALFW.txt".
inline Plan cross_lfw_plan(const std::string& name, const std::string& list_name,
                           const ProtocolOptions& options) {
  const std::filesystem::path data(options.data), list = data / list_name;
  Plan plan;
  if (const auto bin = find_bin(data, name)) {
    plan = plan_of_bin(name, *bin, options);
  } else {
    require_list(list, data, name);
    const MappedFile file(list);
    plan = plan_of_pairs(name,
                         {list,
                          interleave_folds(list, read_cross_lfw(list, file.text())),
                          {"", "images", "crops_112", "aligned images", "aligned_images"},
                          Hasher().add(file.text()).text(),
                          lfw_person},
                         options);
  }
  publish_pairs(plan, 6000, 12000);
  return plan;
}

}  // namespace fr
