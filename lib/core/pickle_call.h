// What the allowed globals of a pickle do when a pickle "calls" them: they rebuild bytes and NumPy arrays.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/pickle.h"

namespace fr {

// The values under construction, with limits that keep memory in proportion to the file.
class PickleHeap {
 public:
  PickleHeap(Pickle& pickle, size_t file_size) : pickle_(pickle), owned_left_(4 * file_size + 1024) {}
  PickleValue& operator[](int32_t index) { return pickle_.values_[static_cast<size_t>(index)]; }
  int32_t add(PickleValue value);                    // throws a reason when there are too many values
  std::span<const std::byte> own(std::string text);  // throws a reason when decoded text outgrows the file
  void set_root(int32_t index) { pickle_.root_ = index; }

 private:
  Pickle& pickle_;
  size_t owned_left_;
};

// Index of MODULE.NAME in the allow-list; throws a reason when it is not there.
int64_t pickle_global(std::string_view module, std::string_view name);
// REDUCE (or NEWOBJ, for the types alone): the value of global(*arguments). Throws a reason.
int32_t pickle_call(PickleHeap& heap, int32_t global, int32_t arguments, bool new_object);
// BUILD: gives an array or a dtype its state. Throws a reason.
void pickle_build(PickleHeap& heap, int32_t object, int32_t state);

}  // namespace fr
