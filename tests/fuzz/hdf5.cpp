// HDF5 embedding files. The library itself is not instrumented: slower, and its own faults show only as
// crashes.
#include "core/files.h"
#include "fuzz.h"
#include "store/store.h"

// The library leaks a few bytes on files that it refuses.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5\n";
}  // NOLINT: the sanitizer's name

namespace fr::fuzz {

std::vector<std::string> seeds() {
  Embeddings embeddings = Embeddings::make(2, 3);
  embeddings.names = {"a", "b"};
  embeddings.model = "m";
  const std::filesystem::path path = file("seed.h5", "");
  write_embeddings(path.string(), embeddings);
  return {read_text(path)};
}

void run(std::string_view input) { read_embeddings(file("x.h5", input).string()); }

}  // namespace fr::fuzz
