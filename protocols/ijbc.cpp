// IJB-C 1:1 (spec 4.6, 6.4): the official template lists, with loose crops aligned when they are embedded.
#include "eval/ijb_plan.h"
#include "eval/protocol.h"

namespace fr {

namespace {

class Ijbc final : public Protocol {
 public:
  std::string title() const override { return "IARPA Janus Benchmark C, 1:1 verification"; }
  std::string needs() const override {
    return "meta/ijbc_{face_tid_mid,name_5pts_score,template_pair_label}.txt and loose_crop/";
  }
  std::string first_metric() const override { return "tar@far=1e-4"; }
  Plan plan(const ProtocolOptions& options) const override {
    Plan plan = ijb_plan("ijbc", options);
    plan.published = {{"items", 469375},
                      {"templates", 23124},
                      {"pairs", 15658489},
                      {"genuine", 19557},
                      {"impostor", 15638932}};
    return plan;
  }
};

const Protocol& ijbc() {
  static const Ijbc protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("ijbc", ijbc);

}  // namespace

}  // namespace fr
