// Plan: what a benchmark wants done, as data. What to embed, how to pool, what to compare, which metrics. No
// model, no files but the official lists.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fr {

// One thing to embed.
struct Item {
  std::string name;  // joins rows of an embedding file: the official relative path, or a decimal index
  std::string file;  // where its encoded image is; empty when the plan was made without images
  int64_t index_in_file = -1;         // image number inside a .bin pack; -1: the file is the image
  std::array<float, 10> landmarks{};  // x1 y1 … x5 y5, pixels of the image, where has_landmarks
  bool has_landmarks = false;
  float detector_score = 1;
};

// Items of one medium (an image, or the frames of one video) of a template: averaged before media are summed.
struct Medium {
  int64_t id = 0;
  std::vector<int64_t> items;  // indices into Plan::items
};

struct Template {
  int64_t id = 0;
  std::vector<Medium> media;  // ascending id
};

// How item embeddings become one vector a template (spec 6.1, 6.4).
enum class Pooling {
  kSingle,    // template = its one item; flip sum of raw embeddings, one f64 normalisation
  kMedia,     // N/D/F variants of IJB: sum over media of the mean over a medium's items
  kUnitMean,  // videos (spec 6.2): unit mean of the items, each normalised like kSingle's
};

// 12 bytes: the largest list (IJB-C, 15.7 million pairs) stays below 200 MB.
struct Pair {
  int32_t a = 0, b = 0;  // indices into Plan::templates (kSingle: into Plan::items)
  bool same = false;
};

// What a pair's two unit vectors give (eval/pair_score.h), or what somebody's own scores are.
enum class PairScore {
  kSquaredDistance,  // spec 6.1: 0 … 4, accepted when smaller than the threshold
  kDot,              // spec 6.4: -1 … 1, accepted when larger than the threshold
  kDistance,         // of any scale, given: accepted when smaller
  kSimilarity,       // of any scale, given: accepted when larger
};
inline bool is_distance(PairScore score) {
  return score == PairScore::kSquaredDistance || score == PairScore::kDistance;
}

// How the items of two templates (the frames of two videos) are compared.
enum class ItemPairs {
  kNone,     // not at all: the two pooled vectors are
  kMinimum,  // the least squared distance over all pairs of unit items (spec 6.2)
  kMean,     // the mean one
  kMaximum,  // the largest one
};

// A labelled pair list. folds > 0: accuracy by k-fold (KFOLD of spec 6) in list order. folds == 0: TAR@FAR
// only.
struct PairList {
  std::string name;  // "1:1"
  std::vector<Pair> pairs;
  int64_t folds = 0;
  PairScore score = PairScore::kSquaredDistance;
  ItemPairs items = ItemPairs::kNone;
};

// Each probe is sought by each of its mates, which hides among the distractors (spec 6.3, 6.6). Mates: two
// probes of one subject (Plan::subjects). kSingle only.
struct DistractorSearch {
  std::vector<int64_t> probes, distractors;  // indices into Plan::items
  std::vector<int64_t> ranks;                // rank-k for each k, and the CMC curve; empty: none
  std::vector<double> far;                   // TAR@FAR for each: impostors are probe x distractor
  std::vector<double> fpir;                  // open-set identification for each; empty: none
  bool cross_probes = false;                 // also TAR@FAR with pairs of two people's probes as impostors
  bool ordered = true;                       // genuine pairs are counted both ways
  // (items), nonzero: on a noise list, to be replaced as spec 6.3 does; empty: nothing is replaced.
  std::vector<uint8_t> noise;
  uint64_t noise_seed = 0;
  std::map<std::string, std::string> variant;  // what the result's variant says of it
};

// 1:N: every probe is searched for in the gallery (spec 6.5). Whether a probe has a mate there follows from
// Plan::subjects.
struct GallerySearch {
  std::string name;                      // "G1"
  std::vector<int64_t> probes, gallery;  // indices into Plan::templates, ascending
};

// Each identity is to be given a list of candidates, best first: MAP@depth (spec 6.7).
struct Ranking {
  std::vector<int64_t> identities;             // (queries) official numbers
  std::vector<std::vector<int64_t>> examples;  // (queries) items known to be of the identity; may be empty
  std::vector<std::vector<int64_t>> truth;     // (queries) items to be found, at least one
  std::vector<int64_t> candidates;             // items that are ranked; of equal scores the earlier is first
  int64_t depth = 100;
};

struct Plan {
  std::string protocol;  // "lfw"
  std::string list;      // which list made it: file name, for the result
  std::vector<Item> items;
  std::vector<Template> templates;  // empty with kSingle: template i is item i
  Pooling pooling = Pooling::kSingle;
  std::vector<int64_t>
      subjects;  // (templates; with kSingle: items) the person on it; -1: nobody with a number
  std::vector<PairList> pair_lists;
  std::optional<DistractorSearch> distractor_search;
  std::vector<GallerySearch> searches;
  std::vector<Ranking> rankings;
  std::map<std::string, std::string> variant;  // what every result is to say: {"1:N", "not run: no G1 list"}
  std::string content_hash;                    // of the official lists (and packs)
  std::vector<std::pair<std::string, int64_t>> counts;  // further ones that `--plan` prints
  // Published counts for the full benchmark (name, value); `--plan` prints them beside ours.
  std::vector<std::pair<std::string, int64_t>> published;
};

}  // namespace fr
