// The lists of Trillion-Pairs: landmarks and labels.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {joined({"a.jpg 1 2 3 4 5 6 7 8 9 10\nb.jpg 1 2 3 4 5 6 7 8 9 1e1\nc.jpg 1 2 3 4 5 6 7 8 9 10\n",
                  "0\n0\n-1\n"})};
}

void run(std::string_view input) { plan("trillion_pairs", {"testdata_lmk.txt", "labels.txt"}, input); }

}  // namespace fr::fuzz
