// IJB-C (spec 4.6, 6.4, 6.5): the official template lists, with loose crops aligned when they are embedded.
#include "ijb.h"

namespace fr {

namespace {

const Protocol& ijbc() {
  static const Ijb protocol("ijbc", 'C',
                            {{"items", 469375},
                             {"templates", 23124},
                             {"pairs", 15658489},
                             {"genuine", 19557},
                             {"impostor", 15638932},
                             {"probes", 19593},
                             {"gallery_G1", 1772},
                             {"gallery_G2", 1759}});
  return protocol;
}

const Registration<ProtocolKind> registration("ijbc", ijbc);

}  // namespace

}  // namespace fr
