// The result files of the MegaFace devkit (spec 4.5), for the scripts that people read them with.
#pragma once
#include <span>
#include <string>

#include "eval/distractor_search.h"
#include "eval/result.h"

namespace fr {

// Writes `stem` with cmc_ and matches_ before its last component, and .json behind it.
//   cmc_…:     {"cmc": [[rank from 0 …], [recall …]], "roc": [[fpr …], [tpr …]]}: ranks where the recall
//   rises matches_…: one {"gallery": g, "probes": {"idx": [p …], "rank": [r …]}} for each image g as the mate
//   hidden
//              among the distractors; idx: places in the probe list; rank: distractors before the mate, ties
//              pessimistic, null for a failed image
// above: exact for every rank. The devkit's traditional_cmc has no published definition and is not written.
void write_devkit_json(const std::string& stem, const DistractorSearch& search, const Trials& trials,
                       std::span<const RankSink::Above> above, const Curve& roc);

}  // namespace fr
