// IJB-B (spec 4.6, 6.4, 6.5): the official template lists, with loose crops aligned when they are embedded.
#include "ijb.h"

namespace fr {

namespace {

const Protocol& ijbb() {
  static const Ijb protocol("ijbb", 'B',
                            {{"items", 227630},
                             {"templates", 12115},
                             {"pairs", 8010270},
                             {"genuine", 10270},
                             {"impostor", 8000000},
                             {"probes", 10270},
                             {"gallery_S1", 931},
                             {"gallery_S2", 914}});
  return protocol;
}

const Registration<ProtocolKind> registration("ijbb", ijbb);

}  // namespace

}  // namespace fr
