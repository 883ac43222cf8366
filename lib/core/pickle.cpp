// The opcodes. Mutable state is a stack of values, a stack of marks and the memo, each with a limit.
#include "core/pickle.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "core/error.h"
#include "core/pickle_call.h"

namespace fr {

namespace {

constexpr size_t kMostMarks = 1000;
constexpr int32_t kDeepest = 100;
constexpr uint64_t kMostMemo = uint64_t{1} << 20;
constexpr int32_t kUnset = -1;

using Bytes = std::span<const std::byte>;

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    FR_CHECK(code < 0x10000, "a character beyond U+FFFF");
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

uint32_t hex(std::string_view digits, size_t count) {
  uint32_t value = 0;
  FR_CHECK(digits.size() >= count, "an escape cut short");
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + count, value, 16);
  FR_CHECK(error == std::errc{} && end == digits.data() + count, "an escape with no hexadecimal number");
  return value;
}

// Protocol 0 text: latin-1 with \uXXXX escapes.
std::string raw_unicode(std::string_view line) {
  std::string utf8;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == 'u') {
      append_utf8(utf8, hex(line.substr(i + 2), 4));
      i += 5;
    } else {
      append_utf8(utf8, static_cast<unsigned char>(line[i]));
    }
  }
  return utf8;
}

// Python 2's repr of a str: 'a\x00\n'.
std::string unquoted(std::string_view line) {
  FR_CHECK(line.size() >= 2 && (line[0] == '\'' || line[0] == '"') && line.back() == line[0],
           "a string without quotes");
  line = line.substr(1, line.size() - 2);
  std::string bytes;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      bytes += line[i];
      continue;
    }
    FR_CHECK(++i < line.size(), "an escape cut short");
    constexpr std::string_view kEscapes = "\\'\"ntrabfv", kMeanings = "\\'\"\n\t\r\a\b\f\v";
    if (line[i] == 'x') {
      bytes += static_cast<char>(hex(line.substr(i + 1), 2));
      i += 2;
    } else {
      const size_t known = kEscapes.find(line[i]);
      FR_CHECK(known != std::string_view::npos, "an unknown escape in a string");
      bytes += kMeanings[known];
    }
  }
  return bytes;
}

class Machine {
 public:
  Machine(Bytes file, Pickle& pickle) : file_(file), heap_(pickle, file.size()) {
    none_ = heap_.add({});
    false_ = heap_.add({.kind = PickleKind::kBool});
    true_ = heap_.add({.kind = PickleKind::kBool, .number = 1});
  }
  size_t offset() const { return opcode_at_; }

  void run() {
    for (;;) {
      opcode_at_ = at_;
      const auto opcode = static_cast<uint8_t>(take(1)[0]);
      if (opcode == '.') break;
      step(opcode);
    }
    FR_CHECK(stack_.size() == 1 && marks_.empty(), "{} values at the end, not one", stack_.size());
    heap_.set_root(stack_[0]);
  }

 private:
  // --- reading ---
  Bytes take(uint64_t count) {
    FR_CHECK(count <= file_.size() - at_, "{} bytes needed, {} left", count, file_.size() - at_);
    const Bytes bytes = file_.subspan(at_, count);
    at_ += count;
    return bytes;
  }
  uint64_t number(size_t width) {
    uint64_t value = 0;
    const Bytes bytes = take(width);
    for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint64_t>(bytes[i]);
    return value;
  }
  int64_t signed32() { return static_cast<int32_t>(number(4)); }
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(file_.data()) + at_, file_.size() - at_);
    const size_t end = rest.find('\n');
    FR_CHECK(end != std::string_view::npos, "a line without end");
    at_ += end + 1;
    std::string_view text = rest.substr(0, end);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
  }
  int64_t decimal() {
    const std::string_view text = line();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    FR_CHECK(error == std::errc{} && end == text.data() + text.size(), "'{}' is not a number",
             text.substr(0, 40));
    return value;
  }
  // Two's complement of any length up to 8 bytes.
  int64_t long_integer(int64_t width) {
    FR_CHECK(width >= 0 && width <= 8, "an integer of {} bytes", width);
    if (width == 0) return 0;
    const int shift = static_cast<int>(64 - 8 * width);
    return static_cast<int64_t>(number(static_cast<size_t>(width)) << shift) >> shift;
  }

  // --- stack, marks, memo ---
  void push(int32_t value) { stack_.push_back(value); }
  void push(PickleValue value) { push(heap_.add(std::move(value))); }
  void push_bytes(PickleKind kind, Bytes bytes) { push({.kind = kind, .bytes = bytes}); }
  void push_integer(int64_t value) { push({.kind = PickleKind::kInt, .number = value}); }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  int32_t top() const {
    FR_CHECK(stack_.size() > floor(), "the stack is empty");
    return stack_.back();
  }
  int32_t pop() {
    const int32_t value = top();
    stack_.pop_back();
    return value;
  }
  std::vector<int32_t> pop_to_mark() {
    FR_CHECK(!marks_.empty(), "no mark on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<int32_t> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<int32_t> pop_last(size_t count) {
    FR_CHECK(stack_.size() >= floor() + count, "the stack holds fewer than {} values", count);
    std::vector<int32_t> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  void push_sequence(PickleKind kind, const std::vector<int32_t>& items) {
    PickleValue value{.kind = kind};
    extend(value, items);
    push(std::move(value));
  }
  void extend(PickleValue& sequence, const std::vector<int32_t>& items) {
    for (const int32_t item : items) sequence.depth = std::max(sequence.depth, heap_[item].depth + 1);
    FR_CHECK(sequence.depth <= kDeepest, "values nested more than {} deep", kDeepest);
    if (sequence.items.empty()) sequence.items.reserve(items.size());
    sequence.items.insert(sequence.items.end(), items.begin(), items.end());
  }
  void append(const std::vector<int32_t>& items) {
    PickleValue& list = heap_[top()];
    FR_CHECK(list.kind == PickleKind::kList, "an append to something that is no list");
    extend(list, items);
  }
  void set_items(const std::vector<int32_t>& items) {
    PickleValue& dict = heap_[top()];
    FR_CHECK(dict.kind == PickleKind::kDict, "an item set in something that is no dict");
    FR_CHECK(items.size() % 2 == 0, "a key without value");
    for (size_t i = 0; i < items.size(); i += 2) {
      const PickleKind key = heap_[items[i]].kind;
      FR_CHECK(key != PickleKind::kList && key != PickleKind::kDict && key != PickleKind::kArray,
               "a key that Python cannot hash");
    }
    extend(dict, items);
  }
  void put(int64_t slot) {
    FR_CHECK(slot >= 0 && static_cast<uint64_t>(slot) < kMostMemo, "memo slot {}", slot);
    const auto index = static_cast<size_t>(slot);
    const int32_t value = top();
    if (index >= memo_.size()) memo_.resize(index + 1, kUnset);
    memoized_ += memo_[index] == kUnset;
    memo_[index] = value;
  }
  void get(int64_t slot) {
    FR_CHECK(
        slot >= 0 && static_cast<uint64_t>(slot) < memo_.size() && memo_[static_cast<size_t>(slot)] != kUnset,
        "memo slot {} is empty", slot);
    push(memo_[static_cast<size_t>(slot)]);
  }

  void push_global(std::string_view module, std::string_view name) {
    push({.kind = PickleKind::kGlobal, .number = pickle_global(module, name)});
  }
  void stack_global() {
    const int32_t name = pop(), module = pop();
    FR_CHECK(heap_[name].kind == PickleKind::kText && heap_[module].kind == PickleKind::kText,
             "a global whose name is no text");
    push_global(heap_[module].text(), heap_[name].text());
  }
  void call(bool new_object) {
    const int32_t arguments = pop(), global = pop();
    push(pickle_call(heap_, global, arguments, new_object));
  }
  void build() {
    const int32_t state = pop();
    pickle_build(heap_, top(), state);
  }
  void integer_line() {  // 'I', with Python 2's spelling of booleans
    const std::string_view text = std::string_view(reinterpret_cast<const char*>(file_.data()) + at_,
                                                   std::min<size_t>(3, file_.size() - at_));
    const int64_t value = decimal();
    if (text == "01\n" || text == "00\n") return push(text[1] == '1' ? true_ : false_);
    push_integer(value);
  }

  void step(uint8_t opcode) {
    switch (opcode) {
      case 0x80: {
        const uint64_t protocol = number(1);
        FR_CHECK(protocol <= 5, "protocol {} is unknown", protocol);
        return;
      }
      case 0x95: {  // FRAME: a hint for readers of streams
        const uint64_t length = number(8);
        FR_CHECK(length <= file_.size() - at_, "a frame of {} bytes, {} left", length, file_.size() - at_);
        return;
      }
      case '(':
        FR_CHECK(marks_.size() < kMostMarks, "more than {} marks", kMostMarks);
        return marks_.push_back(stack_.size());
      case '0':
        pop();
        return;
      case '1':
        pop_to_mark();
        return;
      case ']':
        return push({.kind = PickleKind::kList});
      case '}':
        return push({.kind = PickleKind::kDict});
      case ')':
        return push({.kind = PickleKind::kTuple});
      case 'l':
        return push_sequence(PickleKind::kList, pop_to_mark());
      case 't':
        return push_sequence(PickleKind::kTuple, pop_to_mark());
      case 0x85:
        return push_sequence(PickleKind::kTuple, pop_last(1));
      case 0x86:
        return push_sequence(PickleKind::kTuple, pop_last(2));
      case 0x87:
        return push_sequence(PickleKind::kTuple, pop_last(3));
      case 'a':
        return append(pop_last(1));
      case 'e':
        return append(pop_to_mark());
      case 's':
        return set_items(pop_last(2));
      case 'u':
        return set_items(pop_to_mark());
      case 'N':
        return push(none_);
      case 0x88:
        return push(true_);
      case 0x89:
        return push(false_);
      case 'I':
        return integer_line();
      case 'J':
        return push_integer(signed32());
      case 'K':
        return push_integer(static_cast<int64_t>(number(1)));
      case 'M':
        return push_integer(static_cast<int64_t>(number(2)));
      case 0x8a:
        return push_integer(long_integer(static_cast<int64_t>(number(1))));
      case 0x8b:
        return push_integer(long_integer(signed32()));
      case 'G': {  // BINFLOAT, big endian
        uint64_t bits = 0;
        for (const std::byte byte : take(8)) bits = bits << 8 | static_cast<uint64_t>(byte);
        return push({.kind = PickleKind::kFloat, .real = std::bit_cast<double>(bits)});
      }
      case 'S':
        return push_bytes(PickleKind::kBytes, heap_.own(unquoted(line())));
      case 'V':
        return push_bytes(PickleKind::kText, heap_.own(raw_unicode(line())));
      case 'T': {
        const int64_t length = signed32();
        FR_CHECK(length >= 0, "a string of {} bytes", length);
        return push_bytes(PickleKind::kBytes, take(static_cast<uint64_t>(length)));
      }
      case 'U':
      case 'C':
        return push_bytes(PickleKind::kBytes, take(number(1)));
      case 'B':
        return push_bytes(PickleKind::kBytes, take(number(4)));
      case 0x8e:
      case 0x96:
        return push_bytes(PickleKind::kBytes, take(number(8)));
      case 0x8c:
        return push_bytes(PickleKind::kText, take(number(1)));
      case 'X':
        return push_bytes(PickleKind::kText, take(number(4)));
      case 0x8d:
        return push_bytes(PickleKind::kText, take(number(8)));
      case 'c': {
        const std::string_view module = line();
        return push_global(module, line());
      }
      case 0x93:
        return stack_global();
      case 'R':
        return call(false);
      case 0x81:
        return call(true);
      case 'b':
        return build();
      case 'p':
        return put(decimal());
      case 'q':
        return put(static_cast<int64_t>(number(1)));
      case 'r':
        return put(static_cast<int64_t>(number(4)));
      case 0x94:
        return put(memoized_);
      case 'g':
        return get(decimal());
      case 'h':
        return get(static_cast<int64_t>(number(1)));
      case 'j':
        return get(static_cast<int64_t>(number(4)));
      default:
        fail("opcode 0x{:02x} is not allowed", opcode);
    }
  }

  Bytes file_;
  PickleHeap heap_;
  size_t at_ = 0, opcode_at_ = 0;
  std::vector<int32_t> stack_, memo_;
  std::vector<size_t> marks_;  // stack sizes
  int64_t memoized_ = 0;       // slots in use: MEMOIZE takes this number
  int32_t none_, false_, true_;
};

}  // namespace

Pickle::Pickle(std::span<const std::byte> file, const std::string& name) {
  Machine machine(file, *this);
  try {
    machine.run();
  } catch (const Error& reason) {
    fail("{}: offset {}: {}", name, machine.offset(), reason.what());
  }
}

}  // namespace fr
