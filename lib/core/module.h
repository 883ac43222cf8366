// Modules: parts of the library in shared objects of their own, libfr_NAME.so beside libfr.so. What they link
// costs every start of a program (cuBLAS, cuDNN and the libraries behind OpenCV's codecs: 0.2 s, 200 MB), and
// most runs use none of it.
#pragma once
#include <string>

namespace fr {

bool has_module(const std::string& name);

// From now on what the module registers is in its registries. Throws fr::Error where the module is absent or
// lacks a library. Callable from any thread that nobody uses those registries beside; does nothing the second
// time.
void load_module(const std::string& name);

}  // namespace fr
