// The lists of IJB: templates, landmarks, pairs, and the two galleries and probes of 1:N.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::vector<std::string> lists = {
      "1.jpg 1 5\n2.jpg 1 6\n3.jpg 2 7\n",
      "1.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n2.jpg 1 2 3 4 5 6 7 8 9 10 1\n3.jpg 1 2 3 4 5 6 7 8 9 1e1 0\n",
      "1 2 0\n1 1 1\n",
      "TEMPLATE_ID,SUBJECT_ID,FILE\n1,8,x\n",
      "TEMPLATE_ID,SUBJECT_ID\n2,9\n",
      "TEMPLATE_ID,SUBJECT_ID\n2,8\n1,9\n"};
  return {joined(lists)};
}

void run(std::string_view input) {
  plan("ijbc",
       {"meta/ijbc_face_tid_mid.txt", "meta/ijbc_name_5pts_score.txt", "meta/ijbc_template_pair_label.txt",
        "meta/ijbc_1N_gallery_G1.csv", "meta/ijbc_1N_gallery_G2.csv", "meta/ijbc_1N_probe_mixed.csv"},
       input);
}

}  // namespace fr::fuzz
