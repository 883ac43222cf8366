// Reads .npy headers with a parser for exactly the dictionary NumPy writes: nothing is evaluated, and no size
// is believed before the file is seen to be long enough.
#include "core/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/error.h"

namespace fr {

namespace {

static_assert(std::endian::native == std::endian::little);

// Parses "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 4), }" in any key order, with either quote
// and Python 2's long integers (5L).
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;

  void parse() {
    unsigned seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      unsigned bit = 0;
      if (key == "descr") {
        bit = 1;
        FR_CHECK(peek() == '\'' || peek() == '"', "{}: a structured array, not plain numbers", path_);
        descr = string();
      } else if (key == "fortran_order") {
        bit = 2;
        fortran_order = boolean();
      } else if (key == "shape") {
        bit = 4;
        shape = tuple();
      } else {
        fail("{}: .npy header has an unknown key '{}'", path_, key);
      }
      FR_CHECK((seen & bit) == 0, "{}: .npy header names '{}' twice", path_, key);
      seen |= bit;
      if (!accept(',') && peek() != '}') malformed();
    }
    FR_CHECK(seen == 7, "{}: .npy header lacks one of 'descr', 'fortran_order', 'shape'", path_);
    if (peek() != '\0') malformed();
  }

 private:
  [[noreturn]] void malformed() const { fail("{}: malformed .npy header at character {}", path_, position_); }
  char peek() {
    position_ = std::min(text_.find_first_not_of(" \t\n", position_), text_.size());
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++position_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) malformed();
  }
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') malformed();
    const size_t end = text_.find(quote, ++position_);
    if (end == std::string_view::npos || end - position_ > 64) malformed();
    std::string value(text_.substr(position_, end - position_));
    position_ = end + 1;
    return value;
  }
  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.substr(position_).starts_with(word)) continue;
      position_ += word.size();
      return word == "True";
    }
    malformed();
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> values;
    expect('(');
    while (!accept(')')) {
      peek();
      int64_t value = 0;
      const char* const begin = text_.data() + position_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
      if (error != std::errc{}) malformed();
      FR_CHECK(value >= 0, "{}: negative size {} in the shape", path_, value);
      FR_CHECK(values.size() < 32, "{}: more than 32 dimensions", path_);
      values.push_back(value);
      position_ += static_cast<size_t>(end - begin);
      accept('L');
      // "(5)" is a number in Python, not a tuple.
      if (!accept(',') && (peek() != ')' || values.size() == 1)) malformed();
    }
    return values;
  }

  std::string_view text_;
  const std::string& path_;
  size_t position_ = 0;
};

// Bytes of an element of an allowed dtype, else an error.
int64_t element_size(const std::string& descr, const std::string& path) {
  constexpr std::string_view kKinds[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                         "i8", "u1", "u2", "u4", "u8", "b1"};
  if (descr.size() == 3 && std::string_view("<>=|").find(descr[0]) != std::string_view::npos) {
    for (const std::string_view kind : kKinds) {
      const int64_t size = kind[1] - '0';
      if (std::string_view(descr).substr(1) == kind && (descr[0] != '|' || size == 1)) return size;
    }
  }
  fail("{}: element type '{}' is not a real number type", path, descr);
}

template <class Word>
Word byte_swapped(Word value) {
  Word result = 0;
  for (size_t i = 0; i < sizeof(Word); ++i) {
    result = static_cast<Word>((static_cast<uint64_t>(result) << 8) | (value & 0xff));
    value = static_cast<Word>(static_cast<uint64_t>(value) >> 8);
  }
  return result;
}

// IEEE binary16 -> f64, exact.
double from_half(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double mantissa = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value =
        mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = mantissa / (1 << 24);
  } else {
    value = (1 + mantissa / 1024) * (exponent >= 15 ? static_cast<double>(1 << (exponent - 15))
                                                    : 1.0 / static_cast<double>(1 << (15 - exponent)));
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

// How elements lie in the file.
struct Stored {
  std::span<const std::byte> data;
  const std::vector<int64_t>& shape;
  bool swapped, fortran_order;
};

// Calls store(i, stored index) for each element i of the C order.
template <class Body>
void for_each_element(const Stored& stored, int64_t count, const Body& body) {
  if (!stored.fortran_order || stored.shape.size() < 2) {
    for (int64_t i = 0; i < count; ++i) body(i, i);
    return;
  }
  const size_t rank = stored.shape.size();
  std::vector<int64_t> index(rank, 0), stride(rank, 1);
  for (size_t k = 1; k < rank; ++k) stride[k] = stride[k - 1] * stored.shape[k - 1];
  int64_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    body(i, at);
    for (size_t k = rank; k-- > 0;) {
      at += stride[k];
      if (++index[k] < stored.shape[k]) break;
      at -= stride[k] * stored.shape[k];
      index[k] = 0;
    }
  }
}

// Elements stored as `Word` (an unsigned integer of their size), made into `Out` by convert(word).
template <class Out, class Word, class Convert>
std::vector<Out> gather(const Stored& stored, int64_t count, const Convert& convert) {
  std::vector<Out> values(static_cast<size_t>(count));
  for_each_element(stored, count, [&](int64_t i, int64_t at) {
    Word word;
    std::memcpy(&word, stored.data.data() + at * static_cast<int64_t>(sizeof word), sizeof word);
    if (stored.swapped) word = byte_swapped(word);
    values[static_cast<size_t>(i)] = convert(word);
  });
  return values;
}

template <class Out>
std::vector<Out> convert_integers(const Stored& stored, int64_t count, const std::string& kind) {
  if (kind == "b1")
    return gather<Out, uint8_t>(stored, count, [](uint8_t w) { return static_cast<Out>(w != 0); });
  if (kind == "u1") return gather<Out, uint8_t>(stored, count, [](uint8_t w) { return static_cast<Out>(w); });
  if (kind == "u2")
    return gather<Out, uint16_t>(stored, count, [](uint16_t w) { return static_cast<Out>(w); });
  if (kind == "u4")
    return gather<Out, uint32_t>(stored, count, [](uint32_t w) { return static_cast<Out>(w); });
  if (kind == "u8")
    return gather<Out, uint64_t>(stored, count, [](uint64_t w) { return static_cast<Out>(w); });
  if (kind == "i1")
    return gather<Out, uint8_t>(stored, count,
                                [](uint8_t w) { return static_cast<Out>(static_cast<int8_t>(w)); });
  if (kind == "i2")
    return gather<Out, uint16_t>(stored, count,
                                 [](uint16_t w) { return static_cast<Out>(static_cast<int16_t>(w)); });
  if (kind == "i4")
    return gather<Out, uint32_t>(stored, count,
                                 [](uint32_t w) { return static_cast<Out>(static_cast<int32_t>(w)); });
  return gather<Out, uint64_t>(stored, count,
                               [](uint64_t w) { return static_cast<Out>(static_cast<int64_t>(w)); });
}

template <class Out>
std::vector<Out> convert_real(const Stored& stored, int64_t count, const std::string& kind) {
  if (kind == "f2")
    return gather<Out, uint16_t>(stored, count, [](uint16_t w) { return static_cast<Out>(from_half(w)); });
  if (kind == "f4")
    return gather<Out, uint32_t>(stored, count,
                                 [](uint32_t w) { return static_cast<Out>(std::bit_cast<float>(w)); });
  if (kind == "f8")
    return gather<Out, uint64_t>(stored, count,
                                 [](uint64_t w) { return static_cast<Out>(std::bit_cast<double>(w)); });
  return convert_integers<Out>(stored, count, kind);
}

template <class Value>
void write(const std::filesystem::path& path, const char* descr, std::span<const Value> values,
           const std::vector<int64_t>& shape) {
  AtomicFile file(path);
  file.write(npy_header(descr, shape));
  file.write(std::as_bytes(values));
  file.commit();
}

}  // namespace

Npy::Npy(const std::filesystem::path& path) : path_(path), file_(path) {
  const std::string name = path.string();
  const std::span<const std::byte> bytes = file_.bytes();
  FR_CHECK(bytes.size() >= 10 && file_.text().starts_with("\x93NUMPY"), "{}: not a .npy file", name);
  const int version = static_cast<int>(bytes[6]);
  FR_CHECK(version >= 1 && version <= 3, "{}: .npy version {} is unknown", name, version);
  const size_t prefix = version == 1 ? 10 : 12;
  FR_CHECK(bytes.size() >= prefix, "{}: truncated .npy header", name);
  uint64_t length = 0;
  for (size_t i = prefix; i-- > 8;) length = (length << 8) | static_cast<uint64_t>(bytes[i]);
  FR_CHECK(length <= bytes.size() - prefix, "{}: truncated .npy header: {} bytes announced, {} in the file",
           name, length, bytes.size() - prefix);

  HeaderParser header(file_.text().substr(prefix, length), name);
  header.parse();
  shape_ = header.shape;
  descr_ = header.descr;
  fortran_order_ = header.fortran_order;
  uint64_t needed = static_cast<uint64_t>(element_size(descr_, name));
  for (const int64_t size : shape_) {
    FR_CHECK(!__builtin_mul_overflow(needed, static_cast<uint64_t>(size), &needed), "{}: the shape overflows",
             name);
  }
  const size_t begin = prefix + length;
  FR_CHECK(needed <= bytes.size() - begin, "{}: truncated: the shape needs {} bytes of data, the file has {}",
           name, needed, bytes.size() - begin);
  data_ = bytes.subspan(begin, needed);
}

int64_t Npy::count() const {
  int64_t result = 1;
  for (const int64_t size : shape_) result *= size;
  return result;
}

std::vector<double> Npy::doubles() const {
  return convert_real<double>({data_, shape_, descr_[0] == '>', fortran_order_}, count(), descr_.substr(1));
}

std::vector<float> Npy::floats() const {
  return convert_real<float>({data_, shape_, descr_[0] == '>', fortran_order_}, count(), descr_.substr(1));
}

std::vector<int64_t> Npy::integers() const {
  FR_CHECK(descr_[1] != 'f', "{}: element type '{}' where integers are expected", path_.string(), descr_);
  return convert_integers<int64_t>({data_, shape_, descr_[0] == '>', fortran_order_}, count(),
                                   descr_.substr(1));
}

std::string npy_header(const std::string& descr, std::span<const int64_t> shape) {
  std::string text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  text += shape.size() == 1 ? ",), }" : "), }";
  text.append(64 - (10 + text.size() + 1) % 64, ' ');  // data begins at a multiple of 64
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

void write_npy(const std::filesystem::path& path, std::span<const float> values,
               const std::vector<int64_t>& shape) {
  write(path, "<f4", values, shape);
}
void write_npy(const std::filesystem::path& path, std::span<const double> values,
               const std::vector<int64_t>& shape) {
  write(path, "<f8", values, shape);
}
void write_npy(const std::filesystem::path& path, std::span<const int32_t> values,
               const std::vector<int64_t>& shape) {
  write(path, "<i4", values, shape);
}
void write_npy(const std::filesystem::path& path, std::span<const uint8_t> values,
               const std::vector<int64_t>& shape) {
  write(path, "|u1", values, shape);
}

}  // namespace fr
