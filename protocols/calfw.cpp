// CALFW (spec 4.4, 6.1): Cross-Age LFW.
#include "cross_lfw.h"

namespace fr {

namespace {

class Calfw final : public Protocol {
 public:
  std::string title() const override { return "Cross-Age LFW"; }
  std::string needs() const override { return "calfw.bin, or pairs_CALFW.txt and its images"; }
  Plan plan(const ProtocolOptions& options) const override {
    return cross_lfw_plan("calfw", "pairs_CALFW.txt", options);
  }
};

const Protocol& calfw() {
  static const Calfw protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("calfw", calfw);

}  // namespace

}  // namespace fr
