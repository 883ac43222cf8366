// The three lists of IJB 1:1.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {
      joined({"1.jpg 1 5\n2.jpg 1 6\n3.jpg 2 7\n",
              "1.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n2.jpg 1 2 3 4 5 6 7 8 9 10 1\n3.jpg 1 2 3 4 5 6 7 8 9 1e1 0\n",
              "1 2 0\n1 1 1\n"})};
}

void run(std::string_view input) {
  plan("ijbc",
       {"meta/ijbc_face_tid_mid.txt", "meta/ijbc_name_5pts_score.txt", "meta/ijbc_template_pair_label.txt"},
       input);
}

}  // namespace fr::fuzz
