#include "store/store.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "core/npy.h"
#include "support/support.h"

using namespace fr;

namespace {

Embeddings sample() {
  Embeddings embeddings = Embeddings::make(3, 5);
  for (int i = 0; i < 15; ++i) embeddings.owned.f32()[i] = static_cast<float>(i) / 7;
  embeddings.owned.f32()[7] = NAN;  // a failed item
  embeddings.names = {"a/1.jpg", "b \xc3\xa4.jpg", ""};
  embeddings.model = "net.safetensors";
  return embeddings;
}

bool same_bits(const Embeddings& a, const Embeddings& b) {
  return a.rows == b.rows && a.dim == b.dim &&
         std::memcmp(a.values, b.values, sizeof(float) * static_cast<size_t>(a.rows * a.dim)) == 0;
}

}  // namespace

TEST_CASE("embeddings come back with their names, and are mapped") {
  test::ScratchFolder scratch;
  const Embeddings embeddings = sample();
  for (const char* name : {"a.h5", "a.hdf5", "a.npy"}) {
    CAPTURE(name);
    const std::string path = scratch / name;
    write_embeddings(path, embeddings);
    const Embeddings back = read_embeddings(path);
    CHECK(same_bits(back, embeddings));
    CHECK(back.names == embeddings.names);
    CHECK(back.source == path);
    CHECK(back.owned.f32() == nullptr);
    if (path.ends_with("5")) CHECK(back.model == "net.safetensors");
  }
  CHECK(read_text(scratch / "a.txt") == "a/1.jpg\nb \xc3\xa4.jpg\n\n");
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path()))
    CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("files without names") {
  test::ScratchFolder scratch;
  Embeddings embeddings = sample();
  embeddings.names.clear();
  for (const char* name : {"a.h5", "b.npy"}) {
    write_embeddings(scratch / name, embeddings);
    CHECK(read_embeddings(scratch / name).names.empty());
  }
  write_file(scratch / "b.txt", "stale\n");
  CHECK_THROWS_AS(write_embeddings(scratch / "b.npy", embeddings), Error);
  CHECK_THROWS_WITH_AS(read_embeddings(scratch / "b.npy"),
                       ((scratch / "b.txt").string() + ": 1 names for 3 rows").c_str(), Error);
}

TEST_CASE("doubles and Fortran order are converted") {
  test::ScratchFolder scratch;
  const std::vector<double> values = {1, 2, 3, 4, 5, 0.1};
  write_npy(scratch / "a.npy", std::span<const double>(values), {2, 3});
  const Embeddings back = read_embeddings(scratch / "a.npy");
  CHECK(back.rows == 2);
  CHECK(back.row(1)[2] == 0.1f);
}

TEST_CASE("what is no embedding file is refused in one line") {
  test::ScratchFolder scratch;
  CHECK_THROWS_AS(read_embeddings(scratch / "a.h5"), Error);
  CHECK_THROWS_AS(read_embeddings(scratch / "a.npy"), Error);
  CHECK_THROWS_AS(read_embeddings(scratch / "a.csv"), Error);
  CHECK_THROWS_AS(write_embeddings(scratch / "a.csv", sample()), Error);
  write_file(scratch / "a.h5", "no HDF5");
  CHECK_THROWS_WITH_AS(read_embeddings(scratch / "a.h5"),
                       ((scratch / "a.h5").string() + ": not an HDF5 file, or cut short").c_str(), Error);
  write_npy(scratch / "v.npy", std::span<const float>(std::vector<float>{1, 2}), {2});
  CHECK_THROWS_AS(read_embeddings(scratch / "v.npy"), Error);
  Embeddings wrong = sample();
  wrong.names.pop_back();
  CHECK_THROWS_AS(write_embeddings(scratch / "w.h5", wrong), Error);
}

TEST_CASE("a full disk is one error and leaves the old file as it was") {
  test::ScratchFolder scratch;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  for (const char* name : {"a.h5", "a.npy"}) {
    CAPTURE(name);
    write_embeddings(scratch / name, sample());
    const std::string old = read_text(scratch / name);
    Embeddings large = Embeddings::make(1000, 100);
    large.names.assign(1000, "x");
    std::fill_n(large.owned.f32(), 100000, 1.0f);  // 400 kB
    // A limit on the size of files stands in for the disk.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little{100000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
    CHECK_THROWS_AS(write_embeddings(scratch / name, large), Error);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(read_text(scratch / name) == old);
  }
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path()))
    CHECK(entry.path().extension() != ".tmp");
}
