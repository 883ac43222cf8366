// The list that core/select.cuh fills, in memory of its device.
#pragma once
#include <cstdint>

namespace fr {

// Appended to. `count` goes on counting where there is no more room: what is beyond `capacity` is lost.
template <class Item>
struct Selected {
  Item* items = nullptr;  // (capacity)
  int64_t capacity = 0;
  int64_t* count = nullptr;  // (1)
};

}  // namespace fr
