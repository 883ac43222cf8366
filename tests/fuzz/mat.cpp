// MATLAB files.
#include "store/mat.h"
#include "fuzz.h"
#include "support/mat.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::string cells = test::mat_cell(2, 1, {test::mat_text("a_b"), test::mat_number(3)}, "splits");
  return {test::mat_file(cells), test::mat_file(test::mat_text("x") + cells)};
}

void run(std::string_view input) { read_mat(file("x.mat", input)); }

}  // namespace fr::fuzz
