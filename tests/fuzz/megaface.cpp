// The lists of MegaFace: probes, distractors, noise.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {
      joined({R"({"path": ["A/A_1.png", "A/A_2.png", "B/B_1.png"], "id": ["A", "A", "B"]})",
              R"({"path": ["1/2/3.jpg", "1/2/4.jpg"]})", "# noise\nA_1.png\nx\tA_1.png\n", "1/2/3.jpg\n"})};
}

void run(std::string_view input) {
  plan("megaface",
       {"facescrub_features_list.json", "megaface_features_list.json_10_1", "facescrub_noises.txt",
        "megaface_noises.txt"},
       input, {{"--size", "10"}, {"--noise", "replace"}});
}

}  // namespace fr::fuzz
