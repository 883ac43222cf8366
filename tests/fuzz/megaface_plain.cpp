// The plain lists of MegaFace that insightface's feature tool reads.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {joined({"x/A/A_1.png\nx/A/A_2.png\nx/B/B_1.png\n", "x/1/2/3.jpg\nx/1/2/4.jpg\r\n"})};
}

void run(std::string_view input) { plan("megaface", {"facescrub_lst", "megaface_lst"}, input); }

}  // namespace fr::fuzz
