// The pair list of YouTube Faces; the one frame of a video that there is belongs to the seed.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {"1, 1, A B/0, A B/1, 1\r\n1, 2, A B/0, C/0, 0\r\n2, 3, A B/1, C/0, 0",
          "split number, pair number, first name, second name, is same\n1, 1, A B/0, C/0, 0.5, 0\n"};
}

void run(std::string_view input) {
  file("data/aligned_images_DB/A B/0/0.1.jpg", "");
  plan("ytf", {"splits.txt"}, input);
}

}  // namespace fr::fuzz
