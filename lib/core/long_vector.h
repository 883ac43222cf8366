// Long vectors in pages that are made beforehand, by all threads outside of parallel regions: to meet a new 4
// KB page costs several times as long as to write it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fr {

// Makes the pages within the memory, huge ones where they are to be had; what they hold stays. Only a wish: a
// refusal changes nothing.
void make_pages(void* data, int64_t bytes);

// Room for `count` elements that are to be written soon.
template <class T>
void reserve_pages(std::vector<T>& values, int64_t count) {
  if (static_cast<size_t>(count) <= values.capacity()) return;
  std::vector<T> larger;
  larger.reserve(static_cast<size_t>(count));
  make_pages(larger.data(), count * static_cast<int64_t>(sizeof(T)));
  larger.assign(values.begin(), values.end());
  values.swap(larger);
}

// `count` value-initialised elements.
template <class T>
std::vector<T> long_vector(int64_t count) {
  std::vector<T> result;
  reserve_pages(result, count);
  result.resize(static_cast<size_t>(count));
  return result;
}

}  // namespace fr
