// CPLFW (spec 4.4, 6.1): Cross-Pose LFW.
#include "cross_lfw.h"

namespace fr {

namespace {

class Cplfw final : public Protocol {
 public:
  std::string title() const override { return "Cross-Pose LFW"; }
  std::string needs() const override { return "cplfw.bin, or pairs_CPLFW.txt and its images"; }
  Plan plan(const ProtocolOptions& options) const override {
    return cross_lfw_plan("cplfw", "pairs_CPLFW.txt", options);
  }
};

const Protocol& cplfw() {
  static const Cplfw protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("cplfw", cplfw);

}  // namespace

}  // namespace fr
