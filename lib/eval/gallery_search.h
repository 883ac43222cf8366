// 1:N identification (spec 6.5): the rank of every mate and the best score of every stranger of one gallery,
// and what is read off them.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "eval/plan.h"
#include "eval/pool.h"
#include "eval/score_stream.h"

namespace fr {

// A probe and its mate. Scores are -infinity where the probe or the template compared with failed.
struct MateScore {
  int64_t probe = 0;  // index into Plan::templates
  float score = -std::numeric_limits<float>::infinity();
  float best_other = -std::numeric_limits<float>::infinity();  // the best of the rest of the gallery
  int64_t rank = 0;  // 1 + others that score at least as much (ties pessimistic); 0: failed, found at no rank
};

struct SearchScores {
  std::string name;                      // the gallery's
  std::vector<MateScore> mates;          // of probes with a mate in the gallery, in the order of the search
  std::vector<float> strangers;          // best score of each probe without one, descending,
  std::vector<int64_t> stranger_probes;  // and whose: indices into Plan::templates
  std::vector<float> impostors;  // the largest scores of all probes with others than their mates, descending
  int64_t gallery = 0, failed = 0;  // templates of the gallery; failed ones among them

  int64_t probes() const { return std::ssize(mates) + std::ssize(strangers); }
  int64_t found(int64_t rank) const;  // mates at this rank or a better one
};

// Scores are the f32 pair_score of unit templates rounded to f32. Keeps the `impostors` largest scores of
// non-mates. Throws fr::Error when a subject has two templates in the gallery.
SearchScores search_gallery(const Plan& plan, const GallerySearch& search, const TemplateFeatures& templates,
                            int64_t impostors = 0, const StreamOptions& options = {});

// Which of the n strangers' best scores, descending from 0, is the threshold at FPIR x, k = largest integer
// with k/n <= x.
enum class FpirRule {
  kReference,  // number max(k - 1, 0): spec 6.5 (b), insightface's corrected script
  kExact,      // number k: the largest rate of false alarms that is <= x; none left: -infinity
};
// A hit is a mate above the threshold and above all others of the gallery. NaN without mates or strangers.
struct TpirAtFpir {
  int64_t index = 0, hits = 0;
  double threshold = 0, tpir = 0, fpir = 0;  // fpir: the rate reached
};
TpirAtFpir tpir_at_fpir(const SearchScores& scores, double fpir, FpirRule rule);

// Spec 6.5 (a), insightface's first script: threshold = the k-th largest score of non-mates over all probes,
// k = ceil(probes * rate); recall = share of mates above it. Not an FPIR: k false alarms may be one probe's.
inline constexpr double kLegacyRates[] = {1e-2, 1e-1};
struct LegacyRecall {
  int64_t k = 0, hits = 0;
  double threshold = 0, recall = 0;
};
LegacyRecall legacy_recall(const SearchScores& scores, double rate);

// All galleries of the plan as one, for the legacy rule. Throws fr::Error when a probe has no mate there.
SearchScores search_joined_galleries(const Plan& plan, const TemplateFeatures& templates,
                                     const StreamOptions& options = {});

}  // namespace fr
