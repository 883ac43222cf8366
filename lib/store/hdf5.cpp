#include "store/hdf5.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "store/heap_texts.h"

namespace fr {

namespace {

// Deflate cannot expand data more than 1032-fold, so a larger shape than this times its storage is a lie.
constexpr uint64_t kGreatestRatio = 1100;
constexpr const char* kModelAttribute = "model_hash";
constexpr size_t kLongestModel = 4096;

// An HDF5 identifier, closed at the end of its scope.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: used where the C functions take an identifier
  bool valid() const { return id_ >= 0; }
  bool close() { return close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// The library prints its error stack unless told not to; ours is one line. Every handle is closed here, and
// its exit handler would flush a file whose write failed once more, and crash.
void silence() {
  [[maybe_unused]] static const herr_t once = H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

// Opens NAME of the root if it is a data set whose bytes are all in this file.
Handle open_dataset(hid_t file, const char* name, const std::string& path) {
  H5L_info_t link{};
  FR_CHECK(H5Lget_info(file, name, &link, H5P_DEFAULT) >= 0, "{}: no /{}", path, name);
  FR_CHECK(link.type == H5L_TYPE_HARD, "{}: /{} is a link", path, name);
  Handle dataset(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose);
  FR_CHECK(dataset.valid(), "{}: /{} is not a readable data set", path, name);
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  FR_CHECK(H5Pget_layout(properties) != H5D_VIRTUAL && H5Pget_external_count(properties) == 0,
           "{}: the data of /{} are in another file", path, name);
  return dataset;
}

std::vector<int64_t> shape_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank <= 0) return {};
  std::array<hsize_t, H5S_MAX_RANK> sides{};
  H5Sget_simple_extent_dims(space, sides.data(), nullptr);
  return {sides.begin(), sides.begin() + rank};
}

// count * size bytes must be plausible for what the data set takes in the file; the library reads beyond its
// buffers where they are more than a contiguous one has.
void check_size(hid_t dataset, uint64_t count, uint64_t size, const char* name, const std::string& path) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const uint64_t ratio = H5Pget_layout(properties) == H5D_CHUNKED ? kGreatestRatio : 1;
  uint64_t bytes = 0, most = 0;
  const bool overflow = __builtin_mul_overflow(count, size, &bytes) ||
                        __builtin_mul_overflow(uint64_t{H5Dget_storage_size(dataset)}, ratio, &most);
  FR_CHECK(!overflow && bytes <= most, "{}: /{} announces more data than the file holds", path, name);
}

bool maps(hid_t dataset, hid_t type, uint64_t bytes, const MappedFile& file) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_layout(properties) != H5D_CONTIGUOUS || H5Pget_nfilters(properties) != 0) return false;
  if (H5Tequal(type, H5T_IEEE_F32LE) <= 0 || H5Tequal(type, H5T_NATIVE_FLOAT) <= 0) return false;
  const haddr_t offset = H5Dget_offset(dataset);
  const uint64_t size = file.bytes().size();
  return offset != HADDR_UNDEF && offset % alignof(float) == 0 && offset <= size && bytes <= size - offset;
}

Embeddings read_values(hid_t file, const std::string& path) {
  const Handle dataset = open_dataset(file, "embeddings", path);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const size_t width = H5Tget_size(type);
  FR_CHECK(H5Tget_class(type) == H5T_FLOAT && (width == 4 || width == 8),
           "{}: /embeddings is neither f32 nor f64", path);
  const std::vector<int64_t> shape = shape_of(dataset);
  FR_CHECK(shape.size() == 2 && shape[0] > 0 && shape[1] > 0, "{}: /embeddings is not a matrix of rows",
           path);
  uint64_t count = 0;
  FR_CHECK(!__builtin_mul_overflow(shape[0], shape[1], &count), "{}: the shape of /embeddings overflows",
           path);
  check_size(dataset, count, width, "embeddings", path);

  MappedFile mapped(path);
  if (maps(dataset, type, 4 * count, mapped)) {
    Embeddings result;
    result.rows = shape[0];
    result.dim = shape[1];
    result.values = reinterpret_cast<const float*>(mapped.bytes().data() + H5Dget_offset(dataset));
    result.mapped = std::move(mapped);
    return result;
  }
  Embeddings result = Embeddings::make(shape[0], shape[1]);
  FR_CHECK(H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, result.owned.f32()) >= 0,
           "{}: cannot read /embeddings", path);
  return result;
}

// Where the references of a list of texts of variable length lie.
std::vector<TextReferences> references_of(hid_t dataset, int64_t rows, const std::string& path) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_layout(properties) == H5D_CONTIGUOUS)
    return {{.offset = H5Dget_offset(dataset), .first_row = 0, .rows = rows}};
  FR_CHECK(H5Pget_layout(properties) == H5D_CHUNKED && H5Pget_nfilters(properties) == 0,
           "{}: /names of variable length are compressed or stored in the header", path);
  hsize_t side = 0, chunks = 0;
  H5Pget_chunk(properties, 1, &side);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  FR_CHECK(H5Dget_num_chunks(dataset, space, &chunks) >= 0, "{}: cannot read /names", path);
  std::vector<TextReferences> references;
  for (hsize_t i = 0; i < chunks; ++i) {
    hsize_t first = 0, size = 0;
    unsigned filters = 0;
    haddr_t offset = 0;
    FR_CHECK(
        H5Dget_chunk_info(dataset, space, i, &first, &filters, &offset, &size) >= 0 && first < hsize_t(rows),
        "{}: cannot read /names", path);
    references.push_back(
        {offset, static_cast<int64_t>(first), static_cast<int64_t>(std::min<hsize_t>(side, size / 16))});
  }
  return references;
}

// Addresses in the file are 8 bytes long and count from its first byte.
void check_addresses(hid_t file, const std::string& path) {
  const Handle properties(H5Fget_create_plist(file), H5Pclose);
  size_t address = 0, size = 0;
  hsize_t before = 0;
  H5Pget_sizes(properties, &address, &size);
  H5Pget_userblock(properties, &before);
  FR_CHECK(address == 8 && size == 8 && before == 0,
           "{}: addresses of {} and sizes of {} bytes behind a block of {}", path, address, size, before);
}

std::vector<std::string> read_fixed_texts(hid_t dataset, hid_t type, size_t count, const std::string& path) {
  std::vector<std::string> texts;
  const size_t width = H5Tget_size(type);
  check_size(dataset, count, width, "names", path);
  std::string all(count * width, '\0');
  FR_CHECK(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) >= 0, "{}: cannot read /names",
           path);
  const bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  for (size_t i = 0; i < count; ++i) {
    std::string text(all.data() + i * width, strnlen(all.data() + i * width, width));
    if (spaces) text.erase(text.find_last_not_of(' ') + 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> read_names(hid_t file, const MappedFile& bytes, int64_t rows,
                                    const std::string& path) {
  if (H5Lexists(file, "names", H5P_DEFAULT) <= 0) return {};
  const Handle dataset = open_dataset(file, "names", path);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  FR_CHECK(H5Tget_class(type) == H5T_STRING, "{}: /names is not text", path);
  const std::vector<int64_t> shape = shape_of(dataset);
  FR_CHECK(shape.size() == 1, "{}: /names is not a list", path);
  FR_CHECK(shape[0] == rows, "{}: {} names for {} rows", path, shape[0], rows);
  if (H5Tis_variable_str(type) <= 0) return read_fixed_texts(dataset, type, static_cast<size_t>(rows), path);
  check_addresses(file, path);
  const std::vector<TextReferences> references = references_of(dataset, rows, path);
  try {
    return read_heap_texts(bytes.bytes(), references, rows);
  } catch (const Error& error) {
    fail("{}: /names: {}", path, error.what());
  }
}

// Text of variable length, UTF-8.
hid_t text_type() {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

std::string read_model(hid_t file) {
  if (H5Aexists(file, kModelAttribute) <= 0) return {};
  const Handle attribute(H5Aopen(file, kModelAttribute, H5P_DEFAULT), H5Aclose);
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const size_t width = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 || width > kLongestModel ||
      H5Sget_simple_extent_npoints(space) != 1)
    return {};
  std::string model(width, '\0');
  if (H5Aread(attribute, type, model.data()) < 0) return {};
  return model.c_str();
}

void write_model(hid_t file, const std::string& model, bool& good) {
  if (model.empty()) return;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
  H5Tset_size(type, model.size() + 1);
  const Handle attribute(H5Acreate2(file, kModelAttribute, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  good = good && H5Awrite(attribute, type, model.c_str()) >= 0;
}

void write_names(hid_t file, const std::vector<std::string>& names, bool& good) {
  if (names.empty()) return;
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());
  const hsize_t count = names.size();
  const Handle type(text_type(), H5Tclose), space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Handle dataset(H5Dcreate2(file, "names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       H5Dclose);
  good = good && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) >= 0;
}

}  // namespace

Embeddings read_hdf5(const std::string& path) {
  silence();
  const MappedFile present(path);  // says why a file cannot be opened, which HDF5 does not
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access, false, true);
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  FR_CHECK(file.valid(), "{}: not an HDF5 file, or cut short", path);
  Embeddings result = read_values(file, path);
  result.names = read_names(file, present, result.rows, path);
  result.model = read_model(file);
  result.source = path;
  return result;
}

void write_hdf5(const std::string& path, const Embeddings& embeddings) {
  silence();
  AtomicFile output(path);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_alignment(access, 1, 64);
  H5Pset_file_locking(access, false, true);
  Handle file(H5Fcreate(output.temporary().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
  bool good = file.valid();
  if (good) {
    const std::array<hsize_t, 2> sides = {static_cast<hsize_t>(embeddings.rows),
                                          static_cast<hsize_t>(embeddings.dim)};
    const Handle space(H5Screate_simple(2, sides.data(), nullptr), H5Sclose);
    const Handle dataset(
        H5Dcreate2(file, "embeddings", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Dclose);
    good = H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, embeddings.values) >= 0;
    write_names(file, embeddings.names, good);
    write_model(file, embeddings.model, good);
  }
  good = file.valid() && file.close() && good;
  FR_CHECK(good, "{}: cannot be written (is the disk full?)", path);
  output.commit();
}

}  // namespace fr
