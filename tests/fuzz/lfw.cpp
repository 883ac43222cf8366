// LFW's pairs.txt and people.txt.
#include "core/lfw_pairs.h"
#include "fuzz.h"
#include "readers/lfw_people.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  return {"1\t2\nA_B\t1\t2\nA_B\t3\t4\nA_B\t1\tC\t2\nC\t1\tD\t10\n", "1\nA 1 2\r\nA 1 B 2\r\n",
          joined({"", "2\n1\nA_B\t4\n2\nC\t2\nD\t10\n"})};
}

void run(std::string_view input) {
  const std::vector<std::string_view> pieces = cut(input, 2);
  if (pieces[1].empty()) {
    parse_lfw_pairs(pieces[0], "pairs.txt");
  } else {
    read_lfw_people(file("people.txt", pieces[1]));
  }
}

}  // namespace fr::fuzz
