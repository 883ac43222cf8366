// NumPy .npy files (versions 1-3): header parser with an allow-list, float rows out of any real dtype, and a
// writer.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"

namespace fr {

// An open .npy: the file stays mapped. Throws fr::Error "PATH: reason" on anything not plainly a numeric
// array.
class Npy {
 public:
  explicit Npy(const std::filesystem::path& path);
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t count() const;                               // elements
  const std::string& descr() const { return descr_; }  // "<f4", "|u1", ">f8", …
  bool fortran_order() const { return fortran_order_; }
  std::span<const std::byte> data() const { return data_; }  // as stored: file's byte order and element order
  int64_t data_offset() const { return data_.data() - file_.bytes().data(); }  // of data() in the file

  std::vector<double> doubles() const;    // any real dtype, C order
  std::vector<float> floats() const;      // any real dtype, C order
  std::vector<int64_t> integers() const;  // integer and bool dtypes only, C order

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<int64_t> shape_;
  std::string descr_;
  bool fortran_order_ = false;
  std::span<const std::byte> data_;
};

// Version 1.0, little endian, C order; `descr` is "<f4", "<f8", "<i4", "<i8" or "|u1".
std::string npy_header(const std::string& descr, std::span<const int64_t> shape);
void write_npy(const std::filesystem::path& path, std::span<const float> values,
               const std::vector<int64_t>& shape);
void write_npy(const std::filesystem::path& path, std::span<const double> values,
               const std::vector<int64_t>& shape);
void write_npy(const std::filesystem::path& path, std::span<const int32_t> values,
               const std::vector<int64_t>& shape);
void write_npy(const std::filesystem::path& path, std::span<const uint8_t> values,
               const std::vector<int64_t>& shape);

}  // namespace fr
