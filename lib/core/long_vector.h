// Long vectors in pages that all threads have made beforehand: to meet a new 4 KB page costs several times as
// long as to write it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fr {

// Makes the pages within the memory, huge ones where they are to be had; what they hold stays. Only a wish: a
// refusal changes nothing.
void make_pages(void* data, int64_t bytes);

// `count` value-initialised elements.
template <class T>
std::vector<T> long_vector(int64_t count) {
  std::vector<T> result;
  result.reserve(static_cast<size_t>(count));
  make_pages(result.data(), count * static_cast<int64_t>(sizeof(T)));
  result.resize(static_cast<size_t>(count));
  return result;
}

}  // namespace fr
