// Known answers of formats/rec: records, image headers, indices and data sets are read with the expected
// values or refused, and what was read is written back byte for byte.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "readers/image_record.h"
#include "readers/readers.h"
#include "readers/record_io.h"
#include "readers/record_pack.h"
#include "support/support.h"

using namespace fr;

namespace {

namespace fs = std::filesystem;

using Bytes = std::span<const std::byte>;

std::string text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string sha256(Bytes bytes) {
  test::ScratchFolder scratch;
  write_file(scratch / "x", text_of(bytes));
  return test::run_command("sha256sum < " + (scratch / "x").string()).output.substr(0, 64);
}

bool is_refusal(const Json& entry) { return entry.at("verdict") == "refuse"; }

fs::path index_of(fs::path records) { return records.replace_extension(".idx"); }

// Everything a reader of this file looks at: the index and all records that it names, with their image
// headers.
std::vector<RecordPlace> read_all(const fs::path& path) {
  const RecordFile file(path);
  std::vector<RecordPlace> places = read_record_index(index_of(path));
  for (const RecordPlace& place : places) parse_image_record(file.at(place.offset).payload());
  return places;
}

std::vector<float> labels_of(const Json& json) {
  return json.is_array() ? json.get<std::vector<float>>() : std::vector<float>{};
}

// The records of one entry: at the offsets of the index (where there is one) and of a scan.
void check_records(const fs::path& path, const Json& expected) {
  const RecordFile file(path);
  const std::vector<RecordPlace> scanned = scan_records(file);
  REQUIRE(scanned.size() == expected.size());
  std::map<int64_t, int64_t> listed;
  if (fs::exists(index_of(path)))
    for (const RecordPlace& place : read_record_index(index_of(path))) listed[place.key] = place.offset;
  for (size_t i = 0; i < expected.size(); ++i) {
    const Json& one = expected[i];
    const int64_t key = one.at("key"), offset = one.at("offset");
    CAPTURE(key);
    CHECK(scanned[i].offset == offset);
    if (!listed.empty()) CHECK(listed.at(key) == offset);
    const Record record = file.at(offset);
    if (!one.contains("flag")) {
      CHECK(std::ssize(record.payload()) == one.at("bytes").get<int64_t>());
      CHECK(file.after(offset) - offset == one.at("stored").get<int64_t>());
      CHECK(sha256(record.payload()) == one.at("sha256").get<std::string>());
      continue;
    }
    const ImageRecord image = parse_image_record(record.payload());
    CHECK(image.labels.size() == one.at("flag").get<size_t>());
    CHECK(image.labels == labels_of(one.at("label")));
    if (image.labels.empty()) CHECK(image.label == one.at("label").get<float>());
    CHECK(image.id == one.at("id").get<uint64_t>());
    CHECK(image.id2 == one.at("id2").get<uint64_t>());
    CHECK(std::ssize(image.content) == one.at("bytes").get<int64_t>());
    CHECK(sha256(image.content) == one.at("sha256").get<std::string>());
    CHECK(text_of(image_record_bytes(image)) == text_of(record.payload()));
  }
}

void check_written_back(const fs::path& path, const Json& records) {
  test::ScratchFolder scratch;
  const RecordFile file(path);
  RecordWriter writer(scratch / "x.rec");
  for (const Json& one : records) writer.add(one.at("key"), file.at(one.at("offset")).payload());
  writer.finish();
  CHECK(read_text(scratch / "x.rec") == read_text(path));
  if (fs::exists(index_of(path))) CHECK(read_text(scratch / "x.idx") == read_text(index_of(path)));
}

void check_data_set(const fs::path& folder, const Json& entry) {
  const std::unique_ptr<Dataset> faces = open_dataset(folder);
  REQUIRE(faces->size() == entry.at("images").get<int64_t>());
  CHECK(faces->classes() == entry.at("classes").get<int64_t>());
  std::vector<uint8_t> rgb(kCropBytes);
  for (int64_t i = 0; i < faces->size(); ++i) {
    const auto at = static_cast<size_t>(i);
    CHECK(faces->label(i) == entry.at("labels")[at].get<int32_t>());
    CHECK(
        faces->item_name(i).ends_with(fmt::format(": record {}", entry.at("image_keys")[at].get<int64_t>())));
    CHECK_NOTHROW(faces->image(i, rgb));
    const std::string file = entry.contains("image_files") ? entry.at("image_files")[at].get<std::string>()
                                                           : fmt::format("image_{}.jpg", i);
    CHECK(text_of(faces->encoded(i)) == read_text(folder / "../../bin" / file));
  }
}

}  // namespace

TEST_CASE("RecordIO is read with the expected records, labels and images, and written back byte for byte") {
  const fs::path golden = test::golden_eval();
  if (golden.empty()) return;
  const fs::path folder = golden / "formats" / "rec";
  for (const Json& entry : read_json(folder / "expected.json")) {
    const bool data_set = entry.contains("folder");
    const std::string name = entry.at(data_set ? "folder" : "file");
    CAPTURE(name);
    const fs::path path = data_set ? folder / name / "train.rec" : folder / name;
    if (is_refusal(entry)) {
      try {
        data_set ? static_cast<void>(open_dataset(folder / name)) : static_cast<void>(read_all(path));
        FAIL_CHECK("read what must be refused");
      } catch (const Error& error) {
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
      }
    } else if (entry.contains("records")) {
      check_records(path, entry.at("records"));
      check_written_back(path, entry.at("records"));
      if (data_set && entry.value("decode", true)) check_data_set(folder / name, entry);
    } else if (name.starts_with("idx_duplicate")) {  // read_or_refuse: our choice
      CHECK_THROWS_AS(read_all(path), Error);
    } else {
      const std::vector<RecordPlace> places = read_all(path);
      REQUIRE(places.size() == entry.at("keys").size());
      const RecordFile file(path);
      for (const RecordPlace& place : places) {
        const Json& one = entry.at("keys").at(std::to_string(place.key));
        CHECK(place.offset == one.at("offset").get<int64_t>());
        const Record record = file.at(place.offset);
        CHECK(parse_image_record(record.payload()).id == one.at("id").get<uint64_t>());
      }
    }
  }
}

TEST_CASE("a folder of images is written as face2rec2 writes it") {
  const fs::path golden = test::golden_eval();
  if (golden.empty()) return;
  const fs::path formats = golden / "formats";
  test::ScratchFolder scratch;
  for (const Json& entry : read_json(formats / "rec" / "expected.json")) {
    if (entry.value("folder", "") != "face2rec2") continue;
    const Json& labels = entry.at("labels");
    for (size_t i = 0; i < labels.size(); ++i)
      write_file(scratch / fmt::format("in/person_{}/{}.jpg", labels[i].get<int>(), i),
                 read_text(formats / "bin" / fmt::format("image_{}.jpg", i)));
  }
  write_records(*open_dataset(scratch / "in"), scratch / "out", {.progress = false});
  for (const char* file : {"train.rec", "train.idx", "property"}) {
    CAPTURE(file);
    CHECK(read_text(scratch / ("out/" + std::string(file))) == read_text(formats / "rec/face2rec2" / file));
  }
}
