// Folders that appear complete or not at all.
#include "core/atomic_folder.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

TEST_CASE("a folder appears when it is committed, and without that nothing remains") {
  const test::ScratchFolder scratch;
  {
    const AtomicFolder folder(scratch / "deep/lost");
    write_file(folder.temporary() / "a/file", "x");
    CHECK_FALSE(fs::exists(scratch / "deep/lost"));
  }
  CHECK(fs::is_empty(scratch / "deep"));
  {
    AtomicFolder folder((scratch / "deep/kept").string() + "/");
    write_file(folder.temporary() / "a/file", "x");
    folder.commit();
  }
  CHECK(read_text(scratch / "deep/kept/a/file") == "x");
  CHECK(std::distance(fs::directory_iterator(scratch / "deep"), fs::directory_iterator()) == 1);
}

TEST_CASE("an empty folder may be in the way, anything else not") {
  const test::ScratchFolder scratch;
  fs::create_directories(scratch / "empty");
  AtomicFolder folder(scratch / "empty");
  write_file(folder.temporary() / "file", "x");
  folder.commit();
  CHECK(fs::exists(scratch / "empty/file"));
  CHECK_THROWS_AS(AtomicFolder(scratch / "empty"), Error);
  write_file(scratch / "file", "y");
  CHECK_THROWS_AS(AtomicFolder(scratch / "file"), Error);
  CHECK_THROWS_AS(AtomicFolder(scratch / "file/below"), Error);
  CHECK(read_text(scratch / "file") == "y");
}
