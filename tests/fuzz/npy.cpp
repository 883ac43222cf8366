// NumPy files: header and the conversion of every element type.
#include <array>

#include "core/npy.h"
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (const char* descr : {"<f4", ">f8", "<f2", "|u1", "<i8", ">u2", "|b1"})
    all.push_back(npy_header(descr, std::array{int64_t{2}, int64_t{3}}) + std::string(48, '\1'));
  const std::string header = "{'shape': (2, 2L), 'fortran_order': True, \"descr\": '<i4'}\n";
  all.push_back(std::string("\x93NUMPY\2\0", 8) + static_cast<char>(header.size()) + std::string(3, '\0') +
                header + std::string(16, '\1'));
  return all;
}

void run(std::string_view input) {
  const Npy npy(file("x.npy", input));
  npy.doubles();
  npy.floats();
  npy.integers();
}

}  // namespace fr::fuzz
