// The pair lists of CALFW and CPLFW.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() { return {"a.jpg 1\nb.jpg 1\na.jpg 0\nc.jpg 0\n"}; }

void run(std::string_view input) { plan("calfw", {"pairs_CALFW.txt"}, input); }

}  // namespace fr::fuzz
