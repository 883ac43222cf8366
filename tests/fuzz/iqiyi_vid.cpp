// The lists of iQIYI-VID: what is asked for, what is learned from, and all test videos.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {joined(
      {"1 a.mp4 b.mp4\n2 c.mp4 \r\n", "1 d.mp4\n2 e.mp4 f.mp4\n3 g.mp4\n", "a.mp4\nb.mp4\nc.mp4\nh.mp4\n"})};
}

void run(std::string_view input) {
  plan("iqiyi_vid", {"test_gt.txt", "train_gt.txt", "test_videos.txt"}, input);
}

}  // namespace fr::fuzz
