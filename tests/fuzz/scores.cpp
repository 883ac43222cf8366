// Somebody's own scores of three pairs, as text; .npy has its own target.
#include "eval/score_file.h"
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() { return {"0.5\n-1e3\ninf\n", "1\r\n2\r\n3"}; }

void run(std::string_view input) { read_scores(file("x.txt", input).string(), 3, true); }

}  // namespace fr::fuzz
