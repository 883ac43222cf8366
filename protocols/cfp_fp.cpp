// CFP-FP (spec 4.4, 6.1): Celebrities in Frontal-Profile, frontal with profile.
#include "cfp.h"

namespace fr {

namespace {

class CfpFp final : public Protocol {
 public:
  std::string title() const override { return "Celebrities in Frontal-Profile, frontal with profile"; }
  std::string needs() const override {
    return "cfp_fp.bin, or Protocol/Pair_list_{F,P}.txt, Protocol/Split/FP/01 … 10 and Data/Images";
  }
  Plan plan(const ProtocolOptions& options) const override { return cfp_plan("cfp_fp", options); }
};

const Protocol& cfp_fp() {
  static const CfpFp protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("cfp_fp", cfp_fp);

}  // namespace

}  // namespace fr
