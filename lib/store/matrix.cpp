#include "store/matrix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/matrix_header.h"
#include "core/parallel.h"

namespace fr {

namespace {

constexpr uint64_t kMostVector = 1 << 20;  // bytes of a file of one vector

struct Header : MatrixHeader {
  size_t width() const { return type == kMatrixFloat ? sizeof(float) : sizeof(double); }
  uint64_t count() const { return static_cast<uint64_t>(rows) * static_cast<uint64_t>(cols); }
};
static_assert(sizeof(Header) == sizeof(MatrixHeader));

Header parse_header(std::span<const std::byte> start, uint64_t file_size, const std::string& path) {
  Header header;
  FR_CHECK(start.size() >= sizeof(Header), "{}: {} bytes are no matrix: its header alone has 16", path,
           file_size);
  std::memcpy(&header, start.data(), sizeof(Header));
  FR_CHECK(header.type == kMatrixFloat || header.type == kMatrixDouble,
           "{}: type {} at offset 12 is neither 5 (f32) nor 6 (f64)", path, header.type);
  FR_CHECK(header.rows > 0 && header.cols > 0, "{}: {} rows of {} values (offset 0)", path, header.rows,
           header.cols);
  // Two positive i32 and a width of 8 stay below 2^65: divide instead of multiplying.
  const uint64_t values = (file_size - sizeof(Header)) / header.width();
  FR_CHECK(header.count() == values && (file_size - sizeof(Header)) % header.width() == 0,
           "{}: the header announces {} x {} values of {} bytes, but {} bytes follow it", path, header.rows,
           header.cols, header.width(), file_size - sizeof(Header));
  return header;
}

// values (count), f32 or f64 at any alignment -> row (count)
void convert(const std::byte* values, const Header& header, float* row) {
  if (header.type == kMatrixFloat) {
    std::memcpy(row, values, sizeof(float) * header.count());
    return;
  }
  for (uint64_t i = 0; i < header.count(); ++i) {
    double value;
    std::memcpy(&value, values + sizeof(double) * i, sizeof(double));
    row[i] = static_cast<float>(value);
  }
}

}  // namespace

Embeddings read_matrix(const std::string& path) {
  MappedFile file(path);
  const Header header = parse_header(file.bytes(), file.bytes().size(), path);
  const int64_t rows = header.cols == 1 ? 1 : header.rows, dim = header.cols == 1 ? header.rows : header.cols;
  Embeddings result;
  if (header.type == kMatrixFloat) {
    result.values = reinterpret_cast<const float*>(file.bytes().data() + sizeof(Header));
    result.mapped = std::move(file);
  } else {
    result = Embeddings::make(rows, dim);
    convert(file.bytes().data() + sizeof(Header), header, result.owned.f32());
  }
  result.rows = rows;
  result.dim = dim;
  result.source = path;
  return result;
}

bool read_vector(const std::string& path, std::vector<float>& row) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    FR_CHECK(errno == ENOENT || errno == ENOTDIR, "{}: {}", path, std::strerror(errno));
    return false;
  }
  // A million small files: one read each, no map.
  std::array<std::byte, 8192> small;
  std::vector<std::byte> large;
  std::span<std::byte> buffer(small);
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<uint64_t>(status.st_size);
  if (regular && size > small.size() && size <= kMostVector) {
    large.resize(size);
    buffer = large;
  }
  ssize_t got = -1;
  if (regular && size <= buffer.size()) got = ::read(descriptor, buffer.data(), size);
  ::close(descriptor);
  FR_CHECK(regular, "{}: not a regular file", path);
  FR_CHECK(size <= kMostVector, "{}: {} bytes are no single feature", path, size);
  FR_CHECK(got >= 0 && static_cast<uint64_t>(got) == size, "{}: cannot be read", path);
  const Header header = parse_header(buffer.first(size), size, path);
  FR_CHECK(header.rows == 1 || header.cols == 1, "{}: a matrix of {} x {}, not one feature", path,
           header.rows, header.cols);
  row.resize(header.count());
  convert(buffer.data() + sizeof(Header), header, row.data());
  return true;
}

void write_matrix(const std::string& path, int64_t rows, int64_t dim,
                  const std::function<void(int64_t i, float* row)>& fill) {
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  FR_CHECK(rows > 0 && rows <= most && dim > 0 && dim <= most / 4,
           "{}: a matrix of {} x {} cannot be written", path, rows, dim);
  const MatrixHeader header = float_matrix_header(rows, dim);
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&header, 1)));
  const int64_t block = std::clamp<int64_t>((int64_t{1} << 22) / dim, 1, rows);  // 16 MB at a time
  std::vector<float> values(static_cast<size_t>(block * dim));
  for (int64_t begin = 0; begin < rows; begin += block) {
    const int64_t count = std::min(block, rows - begin);
    parallel_for(count, [&](int64_t i) { fill(begin + i, values.data() + i * dim); });
    file.write(std::as_bytes(std::span(values).first(static_cast<size_t>(count * dim))));
  }
  file.commit();
}

}  // namespace fr
