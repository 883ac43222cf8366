// sort_descending: millions of scores by all threads.
#pragma once
#include <vector>

namespace fr {

// Sorts finite values; the result is the same for any number of threads.
void sort_descending(std::vector<double>& values);

}  // namespace fr
