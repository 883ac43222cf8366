#include "core/pickle_call.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace fr {

namespace {

constexpr size_t kMostValues = size_t{1} << 20;

enum Global : int64_t {
  kReconstruct,
  kScalar,
  kNdarray,
  kDtype,
  kBool,
  kFromBuffer,
  kEncode,
  kBytes,
  kByteArray
};

struct Allowed {
  std::string_view module, name;
  Global global;
};
constexpr std::array kAllowed = {
    Allowed{"numpy.core.multiarray", "_reconstruct", kReconstruct},
    Allowed{"numpy._core.multiarray", "_reconstruct", kReconstruct},
    Allowed{"numpy.core.multiarray", "scalar", kScalar},
    Allowed{"numpy._core.multiarray", "scalar", kScalar},
    Allowed{"numpy", "ndarray", kNdarray},
    Allowed{"numpy", "dtype", kDtype},
    Allowed{"numpy", "bool_", kBool},
    Allowed{"numpy.core.numeric", "_frombuffer", kFromBuffer},
    Allowed{"numpy._core.numeric", "_frombuffer", kFromBuffer},
    Allowed{"_codecs", "encode", kEncode},
    Allowed{"__builtin__", "bytes", kBytes},
    Allowed{"builtins", "bytes", kBytes},
    Allowed{"__builtin__", "bytearray", kByteArray},
    Allowed{"builtins", "bytearray", kByteArray},
};

bool is_string(const PickleValue& value) {
  return value.kind == PickleKind::kText || value.kind == PickleKind::kBytes;
}

bool is_latin1(const PickleValue& value) {
  return is_string(value) &&
         (value.text() == "latin1" || value.text() == "latin-1" || value.text() == "iso-8859-1");
}

// UTF-8 of code points below 256 -> their bytes. Python 3 writes bytes so in protocols 0-2.
std::string latin1_of(std::string_view utf8) {
  std::string bytes;
  bytes.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes += utf8[i];
      continue;
    }
    FR_CHECK((lead == 0xc2 || lead == 0xc3) && i + 1 < utf8.size() && (utf8[i + 1] & 0xc0) == 0x80,
             "text that is not latin-1 where bytes are meant");
    bytes += static_cast<char>((lead & 3) << 6 | (utf8[++i] & 0x3f));
  }
  return bytes;
}

int64_t item_size(const PickleValue& array) { return array.element[1] - '0'; }

// dtype must be bool or an integer: the formats we read hold nothing else.
void set_element(PickleValue& value, const PickleValue& dtype) {
  FR_CHECK(dtype.kind == PickleKind::kDtype, "a NumPy value without a dtype");
  const std::string_view code = dtype.text();
  value.element[0] = code[0];
  value.element[1] = code[1];
}

void fill_array(PickleHeap& heap, PickleValue& array, const PickleValue& shape, const PickleValue& data) {
  FR_CHECK(shape.kind == PickleKind::kTuple && shape.items.size() <= 32, "an array's shape is not a tuple");
  FR_CHECK(data.kind == PickleKind::kBytes, "an array's data are not bytes");
  int64_t size = item_size(array);
  array.shape.clear();
  for (const int32_t item : shape.items) {
    const PickleValue& side = heap[item];
    FR_CHECK(side.kind == PickleKind::kInt && side.number >= 0, "an array's side is not a number from 0 up");
    FR_CHECK(!__builtin_mul_overflow(size, side.number, &size), "an array's shape overflows");
    array.shape.push_back(side.number);
  }
  FR_CHECK(static_cast<uint64_t>(size) == data.bytes.size(),
           "an array's shape needs {} bytes, its data are {}", size, data.bytes.size());
  array.bytes = data.bytes;
  array.built = true;
}

// The number in a NumPy scalar: bool or integer, little endian.
PickleValue scalar_of(const PickleValue& dtype, const PickleValue& data) {
  PickleValue value{.kind = PickleKind::kInt};
  set_element(value, dtype);
  const int64_t size = item_size(value);
  FR_CHECK(data.kind == PickleKind::kBytes && static_cast<int64_t>(data.bytes.size()) == size,
           "a NumPy scalar whose data do not fit its dtype");
  uint64_t bits = 0;
  for (int64_t i = size; i-- > 0;)
    bits = bits << 8 | static_cast<uint64_t>(data.bytes[static_cast<size_t>(i)]);
  if (value.element[0] == 'b') {
    value.kind = PickleKind::kBool;
    value.number = bits != 0;
  } else {
    const int shift = static_cast<int>(64 - 8 * size);
    value.number = static_cast<int64_t>(bits << shift);
    value.number = value.element[0] == 'i'
                       ? value.number >> shift
                       : static_cast<int64_t>(static_cast<uint64_t>(value.number) >> shift);
  }
  return value;
}

}  // namespace

int32_t PickleHeap::add(PickleValue value) {
  FR_CHECK(pickle_.values_.size() < kMostValues, "more than {} values", kMostValues);
  pickle_.values_.push_back(std::move(value));
  return static_cast<int32_t>(pickle_.values_.size() - 1);
}

std::span<const std::byte> PickleHeap::own(std::string text) {
  FR_CHECK(text.size() <= owned_left_, "decoded strings outgrow the file");
  owned_left_ -= text.size();
  return std::as_bytes(std::span(pickle_.owned_.emplace_back(std::move(text))));
}

int64_t pickle_global(std::string_view module, std::string_view name) {
  for (const Allowed& allowed : kAllowed)
    if (allowed.module == module && allowed.name == name) return allowed.global;
  fail("'{}.{}' is not allowed", module.substr(0, 80), name.substr(0, 80));
}

int32_t pickle_call(PickleHeap& heap, int32_t global, int32_t arguments, bool new_object) {
  FR_CHECK(heap[global].kind == PickleKind::kGlobal, "a call of something that is no function");
  FR_CHECK(heap[arguments].kind == PickleKind::kTuple, "a call whose arguments are no tuple");
  const std::vector<int32_t> items = heap[arguments].items;
  const auto argument = [&](size_t i) -> const PickleValue& { return heap[items[i]]; };
  const int64_t called = heap[global].number;
  const size_t count = items.size();
  PickleValue result;
  if (called == kReconstruct && !new_object && count == 3) {
    FR_CHECK(argument(0).kind == PickleKind::kGlobal && argument(0).number == kNdarray,
             "_reconstruct of something that is no ndarray");
    result.kind = PickleKind::kArray;
  } else if (called == kScalar && !new_object && count == 2) {
    result = scalar_of(argument(0), argument(1));
  } else if (called == kDtype && count >= 1 && count <= 3 && is_string(argument(0))) {
    constexpr std::string_view kCodes[] = {"b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"};
    const std::string_view code = argument(0).text();
    const bool known = std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
    FR_CHECK(known, "dtype '{}' is neither bool nor an integer", code.substr(0, 20));
    result.kind = PickleKind::kDtype;
    result.bytes = argument(0).bytes;
  } else if (called == kFromBuffer && !new_object && count == 4) {
    FR_CHECK(is_string(argument(3)) && (argument(3).text() == "C" || argument(3).text() == "F"),
             "_frombuffer with an unknown order");
    result.kind = PickleKind::kArray;
    set_element(result, argument(1));
    fill_array(heap, result, argument(2), argument(0));
  } else if (called == kBool && count == 1 &&
             (argument(0).kind == PickleKind::kBool || argument(0).kind == PickleKind::kInt)) {
    result.kind = PickleKind::kBool;
    result.number = argument(0).number != 0;
  } else if ((called == kEncode && !new_object && count == 2 && argument(0).kind == PickleKind::kText &&
              is_latin1(argument(1))) ||
             (called == kByteArray && count == 2 && argument(0).kind == PickleKind::kText &&
              is_latin1(argument(1)))) {
    result.kind = PickleKind::kBytes;
    result.bytes = heap.own(latin1_of(argument(0).text()));
  } else if ((called == kBytes || called == kByteArray) &&
             (count == 0 || (count == 1 && argument(0).kind == PickleKind::kBytes))) {
    result.kind = PickleKind::kBytes;
    if (count == 1) result.bytes = argument(0).bytes;
  } else {
    fail("a call with unexpected arguments");
  }
  return heap.add(std::move(result));
}

void pickle_build(PickleHeap& heap, int32_t object, int32_t state) {
  const PickleValue& given = heap[state];
  FR_CHECK(given.kind == PickleKind::kTuple, "a state that is no tuple");
  if (heap[object].kind == PickleKind::kDtype) {
    // (version, byte order, subdtype, names, fields, …): plain numbers have none of the latter.
    FR_CHECK(given.items.size() >= 5 && is_string(heap[given.items[1]]), "a dtype with an unexpected state");
    const std::string_view order = heap[given.items[1]].text();
    FR_CHECK(order == "|" || order == "<" || order == "=", "a dtype of byte order '{}'", order.substr(0, 20));
    for (size_t i = 2; i < 5; ++i)
      FR_CHECK(heap[given.items[i]].kind == PickleKind::kNone, "a structured dtype");
    return;
  }
  FR_CHECK(heap[object].kind == PickleKind::kArray && !heap[object].built,
           "a state for something that takes none");
  // (version, shape, dtype, is Fortran, data).
  FR_CHECK(given.items.size() == 5, "an array with an unexpected state");
  set_element(heap[object], heap[given.items[2]]);
  fill_array(heap, heap[object], heap[given.items[1]], heap[given.items[4]]);
}

}  // namespace fr
