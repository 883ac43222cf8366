// How synthetic benchmarks reach the disk: blocks of rows and lines, so that memory stays small at any size.
#pragma once
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <utility>

#include "core/files.h"

namespace fr::synth {

// Writes row i of (kSphereDim); called on any thread.
using MakeRow = std::function<void(int64_t i, float* row)>;

// The matrix (rows, kSphereDim) f32, little endian, after `header`; atomically.
void write_rows(const std::filesystem::path& path, std::span<const std::byte> header, int64_t rows,
                const MakeRow& make);
void write_npy_rows(const std::filesystem::path& path, int64_t rows, const MakeRow& make);

// A text file written line by line; atomically.
class TextFile {
 public:
  explicit TextFile(const std::filesystem::path& path) : file_(path) {}
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(fmt::appender(text_), format, std::forward<Args>(args)...);
    if (text_.size() >= kBlock) flush();
  }
  void commit() {
    flush();
    file_.commit();
  }

 private:
  static constexpr size_t kBlock = 1 << 20;
  void flush() {
    file_.write({text_.data(), text_.size()});
    text_.clear();
  }
  AtomicFile file_;
  fmt::memory_buffer text_;
};

}  // namespace fr::synth
