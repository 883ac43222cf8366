// CFP-FF (spec 4.4, 6.1): Celebrities in Frontal-Profile, frontal with frontal.
#include "cfp.h"

namespace fr {

namespace {

class CfpFf final : public Protocol {
 public:
  std::string title() const override { return "Celebrities in Frontal-Profile, frontal with frontal"; }
  std::string needs() const override {
    return "cfp_ff.bin, or Protocol/Pair_list_F.txt, Protocol/Split/FF/01 … 10 and Data/Images";
  }
  Plan plan(const ProtocolOptions& options) const override { return cfp_plan("cfp_ff", options); }
};

const Protocol& cfp_ff() {
  static const CfpFf protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("cfp_ff", cfp_ff);

}  // namespace

}  // namespace fr
