// CFP's lists of images and of the pairs of one fold; the other nine folds are empty.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {joined({"1 ../Data/Images/001/frontal/01.jpg\n2 ../Data/Images/001/frontal/02.jpg\n",
                  "1 ../Data/Images/001/profile/01.jpg\r\n", "1,1\n", "2, 1\n"})};
}

void run(std::string_view input) {
  const std::vector<std::string> files = {"Protocol/Pair_list_F.txt", "Protocol/Pair_list_P.txt",
                                          "Protocol/Split/FP/01/same.txt", "Protocol/Split/FP/01/diff.txt"};
  for (int fold = 2; fold <= 10; ++fold)
    for (const char* kind : {"same", "diff"})
      file("data/Protocol/Split/FP/" + std::string(fold < 10 ? "0" : "") + std::to_string(fold) + "/" + kind +
               ".txt",
           "");
  plan("cfp_fp", files, input);
}

}  // namespace fr::fuzz
