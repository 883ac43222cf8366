// What ijbb.cpp and ijbc.cpp share: both benchmarks have the same lists under their own names.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "eval/ijb_lists.h"
#include "eval/ijb_plan.h"
#include "eval/protocol.h"

namespace fr {

class Ijb final : public Protocol {
 public:
  using Counts = std::vector<std::pair<std::string, int64_t>>;
  // name: "ijbb" or "ijbc"; letter: the benchmark's.
  Ijb(std::string name, char letter, Counts published)
      : name_(std::move(name)), letter_(letter), published_(std::move(published)) {}

  std::string title() const override {
    return fmt::format("IARPA Janus Benchmark {}: 1:1 verification, 1:N identification", letter_);
  }
  std::string needs() const override {
    const auto galleries = ijb_galleries(name_);
    return fmt::format(
        "meta/{0}_{{face_tid_mid,name_5pts_score,template_pair_label}}.txt and loose_crop/; for 1:N also "
        "meta/{0}_1N_{{gallery_{1},gallery_{2},probe_mixed}}.csv",
        name_, galleries[0], galleries[1]);
  }
  std::string first_metric() const override { return "tar@far=1e-4"; }
  std::vector<OwnOption> own_options() const override {
    return {{"--rule-1n",
             "corrected",
             "1:N: each gallery alone, thresholds from probes without a mate; or, as an older script, both "
             "as one "
             "and thresholds over all scores of non-mates",
             {"corrected", "legacy"}}};
  }
  Plan plan(const ProtocolOptions& options) const override {
    Plan plan = ijb_plan(name_, options);
    plan.published = published_;
    return plan;
  }

 private:
  std::string name_;
  char letter_;
  Counts published_;
};

}  // namespace fr
