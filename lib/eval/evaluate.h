// evaluate: Plan + Embeddings -> Result. One engine for every protocol; the numbers never depend on the
// thread count.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/embeddings.h"
#include "eval/noise.h"
#include "eval/outcomes.h"
#include "eval/plan.h"
#include "eval/pool.h"
#include "eval/result.h"
#include "eval/score_stream.h"

namespace fr {

struct EvaluateOptions {
  std::vector<double> far{};              // further false accept rates, beside the protocol's own
  std::optional<MediaPooling> pooling{};  // of IJB; by default N1D1, with the flip where it is given
  bool concatenated_flip = false;         // rows are (2d): original, then mirrored crop
  Arith arith = Arith::kAuto;             // of streamed scores; no number depends on it
  Device device = Device::kCpu;           // the same
  Backend* backend = nullptr;             // of that device, where it is a GPU
  // Of a distractor search that takes long: where its state is kept meanwhile, so that a stopped run goes on,
  // and what tells the embeddings from others there; empty: nowhere (eval/stream_progress.h).
  std::string progress_file{}, progress_key{};
  bool full_roc = false;       // of a distractor search: the ROC beyond FAR 1e-5, at steps of the score
  NoiseVector noise_vector{};  // of MegaFace's noise replacement; by default the plan's seed makes it
  std::string devkit_out{};    // MegaFace: also write the devkit's files (eval/devkit_json.h)
  // Resamples behind the intervals of tar@far, ranks and TPIR where the plan knows subjects; by default
  // Resampling's, and none for tar@far of pair lists above kResampledPairs.
  std::optional<int64_t> resamples{};
  PairOutcomes* outcomes = nullptr;  // filled where given: of the last pair list
  bool legacy_search = false;        // 1:N of IJB by spec 6.5 (a) instead of (b)
};
inline constexpr int64_t kResampledPairs = 500'000;

// flipped may be null. Fills protocol, variant, metrics, counts, curves, environment and timing of the
// result, and the dataset's name, list and hash. Throws fr::Error where the embeddings do not fit the plan.
//
// An item fails when its row is missing or not finite (in either file). A pair with a failed template is a
// miss if genuine, a correct rejection if impostor; both are counted.
Result evaluate(const Plan& plan, const Embeddings& embeddings, const Embeddings* flipped,
                const EvaluateOptions& options);

// The same from somebody's own scores of the plan's one pair list, in its order: similarities or distances, a
// failed pair -inf or +inf (eval/score_file.h). Scores that all lie in the range of cosines (or of squared
// distances of unit vectors) are taken for such, so that the accuracy's grid applies; any others are judged
// with all thresholds.
Result evaluate_scores(const Plan& plan, std::span<const double> scores, bool distances,
                       const EvaluateOptions& options);

// "1e-4" for 0.0001, "5e-3" for 0.005: how a rate is written in a metric's name.
std::string rate_text(double rate);

// Scores of all pairs (n): squared distance or dot product of their templates (eval/pair_score.h). A failed
// pair is +inf as a distance, -inf as a dot product.
std::vector<double> score_pairs(const PairList& list, const TemplateFeatures& templates);

// The raw rows of each item, with `concatenated_flip` cut into both halves.
struct JoinedItems {
  ItemFeatures features;
  int64_t missing = 0, unusable = 0, extra = 0;  // of either file
};
JoinedItems join_items(const Plan& plan, const Embeddings& embeddings, const Embeddings* flipped,
                       bool concatenated_flip);

}  // namespace fr
