// Reads Python pickles, protocols 0-5, as data: an allow-list of opcodes and globals (spec/04 4.3), nothing
// imported, nothing executed, nothing copied that the file did not pay for. Anything else is refused.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fr {

enum class PickleKind : uint8_t {
  kNone,
  kBool,    // number 0 or 1
  kInt,     // number
  kFloat,   // real
  kBytes,   // bytes: bytes, bytearray and Python 2's str
  kText,    // bytes: UTF-8
  kList,    // items
  kTuple,   // items
  kDict,    // items: key, value, key, value, …
  kGlobal,  // number: an allowed name, see pickle_call.h
  kDtype,   // bytes: "u1", "b1", "i8", …
  kArray,   // a NumPy array: bytes, element, shape
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  bool built = false;    // an array that has its state
  char element[2] = {};  // an array's element type: 'u', '1'
  int32_t depth = 1;     // nesting below this value, inclusive
  int64_t number = 0;
  double real = 0;
  std::span<const std::byte> bytes = {};
  std::vector<int32_t> items = {};  // indices of values
  std::vector<int64_t> shape = {};  // of an array

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

// The values of one pickle. Values refer to each other by index (a memo makes graphs of them, even loops:
// walk with care), and to the bytes given to the constructor, which must outlive them.
class Pickle {
 public:
  // Throws fr::Error "NAME: offset N: reason".
  Pickle(std::span<const std::byte> file, const std::string& name);
  const PickleValue& root() const { return (*this)[root_]; }
  const PickleValue& operator[](int32_t index) const { return values_[static_cast<size_t>(index)]; }

 private:
  friend class PickleHeap;
  std::vector<PickleValue> values_;
  std::deque<std::string> owned_;  // decoded strings that the file holds in another form
  int32_t root_ = 0;
};

}  // namespace fr
