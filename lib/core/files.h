// Files: whole reads, read-only maps, and output that appears complete or not at all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fr {

// A read-only memory map. Throws fr::Error "PATH: reason".
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// Whether that is there. False also of a path that nothing can have: names of a list may be longer than any
// file's.
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

std::string read_text(const std::filesystem::path& path);

// Calls line(text, number) for each line (number from 1), without "\n" or "\r\n"; a last line without end
// counts.
void for_each_line(std::string_view text,
                   const std::function<void(std::string_view line, int64_t number)>& line);

// Pieces of `line` between runs of blanks and tabs.
std::vector<std::string_view> split_blanks(std::string_view line);
// Pieces between single separators; blanks at both ends of each piece are removed.
std::vector<std::string_view> split(std::string_view line, char separator);

// Numbers: the whole text must parse; otherwise fr::Error "WHERE: 'TEXT' is not a number".
int64_t parse_int(std::string_view text, std::string_view where);
double parse_double(std::string_view text, std::string_view where);

// Writes to a temporary beside `path`, and renames it over `path` in commit(). Without commit() nothing
// remains: a failed write (a full disk, say) throws fr::Error and leaves the old file as it was.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);  // makes missing parent folders
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  void commit();  // flush, fsync, rename
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
};

void write_file(const std::filesystem::path& path, std::string_view text);  // atomically

}  // namespace fr
