// AgeDB-30's list of pairs.
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() { return {"a.jpg b.jpg 1\nc.jpg a.jpg 0\r\n"}; }

void run(std::string_view input) { plan("agedb_30", {"pairs_label.txt"}, input); }

}  // namespace fr::fuzz
