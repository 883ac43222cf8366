// Manifests: files, folders, patterns and contents in a folder, and when a data set is complete.
#include "data/manifest.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/shipped.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("files, folders and patterns are found or missed, contents compared") {
  test::ScratchFolder outer;
  const std::filesystem::path folder = outer / "with [brackets]";
  write_file(folder / "list.txt", std::string(1234, 'x'));
  write_file(folder / "empty.txt", "");
  write_file(folder / "a/01.txt", "1");
  write_file(folder / "a/02.txt", "2");
  std::filesystem::create_directories(folder / "nothing");
  const auto state = [&](const ManifestFile& file) {
    const FileState found = check_file(file, folder);
    return (found.good ? "good: " : "bad: ") + found.state;
  };
  CHECK(state({.path = "list.txt"}) == "good: 1.2 kB");
  CHECK(state({.path = "list.txt", .hash = Hasher().add(std::string(1234, 'x')).text()}) == "good: 1.2 kB");
  CHECK(state({.path = "list.txt", .hash = "xxh3-128:0"}) == "bad: not the official contents");
  CHECK(state({.path = "none.txt"}) == "bad: missing");
  CHECK(state({.path = "a"}) == "bad: missing");
  CHECK(state({.path = "empty.txt"}) == "bad: empty");
  CHECK(state({.path = "a/"}) == "good: a folder");
  CHECK(state({.path = "nothing/"}) == "bad: an empty folder");
  CHECK(state({.path = "b/"}) == "bad: missing");
  CHECK(state({.path = "a/*.txt"}) == "good: 2 files");
  CHECK(state({.path = "a/0[12].txt", .count = 2}) == "good: 2 files");
  CHECK(state({.path = "*/0?.txt", .count = 3}) == "bad: 2 of 3 files");
  CHECK(state({.path = "*.bin"}) == "bad: missing");
}

TEST_CASE("one form of a data set suffices; files of a variant are not needed") {
  Manifest manifest;
  manifest.files = {{.path = "property"},
                    {.path = "x.bin", .form = "pack"},
                    {.path = "x.txt", .form = "lists"},
                    {.path = "images/", .form = "lists"},
                    {.path = "noise.txt", .only_for = "R"}};
  CHECK(is_complete(manifest, {true, true, false, false, false}));
  CHECK(is_complete(manifest, {true, false, true, true, false}));
  CHECK_FALSE(is_complete(manifest, {true, false, true, false, true}));
  CHECK_FALSE(is_complete(manifest, {false, true, true, true, true}));
  manifest.files = {{.path = "train.rec"}};
  CHECK(is_complete(manifest, {true}));
  CHECK_FALSE(is_complete(manifest, {false}));
}

TEST_CASE("every manifest that is shipped can be read; faults name the file") {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shipped_folder("datasets"))) {
    const Manifest manifest = read_manifest(entry.path());
    CHECK(manifest.name == entry.path().stem());
    CHECK_FALSE(manifest.files.empty());
    ++read;
  }
  CHECK(read >= 16);
  test::ScratchFolder scratch;
  for (const char* text :
       {"[]", "{}", "{\"schema\": 2}", "x",
        "{\"schema\": 1, \"name\": 1, \"title\": \"\", \"ask\": \"\", \"kind\": \"\", \"files\": []}"}) {
    write_file(scratch / "m.json", text);
    try {
      read_manifest(scratch / "m.json");
      FAIL_CHECK("read a bad manifest: ", text);
    } catch (const Error& error) {
      CHECK(std::string(error.what()).starts_with((scratch / "m.json").string() + ": "));
    }
  }
}
