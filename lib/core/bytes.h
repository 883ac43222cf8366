// Plain values and lists of them as bytes of this machine, for files that only the same build reads again.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.h"

namespace fr {

class Bytes {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T> Bytes& put(const T& value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  template <class T>
  requires std::is_trivially_copyable_v<T> Bytes& put(const std::vector<T>& list) {
    put(static_cast<int64_t>(list.size()));
    text_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T));
    return *this;
  }
  Bytes& put(std::string_view text) {
    put(static_cast<int64_t>(text.size()));
    text_.append(text);
    return *this;
  }
  std::string text() && { return std::move(text_); }
  const std::string& text() const& { return text_; }

 private:
  std::string text_;
};

// Reads them back in the same order; fr::Error where the bytes end early, or go on after end().
class BytesReader {
 public:
  explicit BytesReader(std::string_view text) : text_(text) {}
  template <class T>
  T value() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> list() {
    const std::string_view bytes = take_list(sizeof(T));
    std::vector<T> list(bytes.size() / sizeof(T));
    if (!list.empty()) std::memcpy(list.data(), bytes.data(), bytes.size());
    return list;
  }
  std::string_view text() { return take_list(1); }
  void end() const { FR_CHECK(text_.empty(), "{} bytes too many", text_.size()); }

 private:
  std::string_view take(size_t bytes) {
    FR_CHECK(bytes <= text_.size(), "ends {} bytes early", bytes - text_.size());
    const std::string_view taken = text_.substr(0, bytes);
    text_.remove_prefix(bytes);
    return taken;
  }
  std::string_view take_list(size_t size) {
    const auto count = value<int64_t>();
    FR_CHECK(count >= 0 && static_cast<uint64_t>(count) <= text_.size() / size, "a list of {} elements",
             count);
    return take(static_cast<size_t>(count) * size);
  }
  std::string_view text_;
};

}  // namespace fr
