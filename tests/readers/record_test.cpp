// RecordIO without known answers: what is written comes back, the rules of spec/04 4.1 and 4.2, and faults by
// name.
#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "image/image.h"
#include "readers/image_record.h"
#include "readers/readers.h"
#include "readers/record_faces.h"
#include "readers/record_io.h"
#include "readers/record_pack.h"
#include "support/support.h"

using namespace fr;

namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<std::byte>;

const Bytes kMagic = {std::byte{0x0a}, std::byte{0x23}, std::byte{0xd7}, std::byte{0xce}};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes zeros(size_t count) { return Bytes(count); }

Image grey(int64_t side, uint8_t value) {
  return {side, side, std::vector<uint8_t>(static_cast<size_t>(side * side * 3), value)};
}

struct Face {
  int64_t key;
  std::vector<float> labels;
  Bytes content;
};

// A .rec with its index; one label is written as the scalar.
void write_faces(const fs::path& path, const std::vector<Face>& faces) {
  RecordWriter writer(path);
  for (const Face& face : faces) {
    ImageRecord record{.content = face.content};
    if (face.labels.size() == 1) {
      record.label = face.labels[0];
    } else {
      record.labels = face.labels;
    }
    writer.add(face.key, image_record_bytes(record));
  }
  writer.finish();
}

std::string error_of(const fs::path& path) {
  try {
    open_dataset(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// As error_of, without the folder.
std::string fault(const test::ScratchFolder& scratch) {
  std::string text = error_of(scratch.path());
  const std::string folder = scratch.path().string() + "/";
  for (size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
  return text;
}

std::vector<int32_t> labels(const Dataset& data) {
  std::vector<int32_t> all;
  for (int64_t i = 0; i < data.size(); ++i) all.push_back(data.label(i));
  return all;
}

}  // namespace

TEST_CASE("payloads with the magic number anywhere come back, in as many parts as the rule says") {
  test::ScratchFolder scratch;
  const RandomStream random(5, "payloads");
  std::vector<Bytes> payloads;
  uint64_t counter = 0;
  for (int i = 0; i < 200; ++i) {
    Bytes payload;
    for (uint64_t pieces = random.below(counter++, 6); pieces > 0; --pieces)
      payload = payload + (random.below(counter++, 2) == 0 ? kMagic : zeros(random.below(counter++, 6)));
    payloads.push_back(payload);
  }
  RecordWriter writer(scratch / "x.rec");
  for (size_t i = 0; i < payloads.size(); ++i) writer.add(static_cast<int64_t>(i), payloads[i]);
  writer.finish();
  const RecordFile file(scratch / "x.rec");
  const std::vector<RecordPlace> places = read_record_index(scratch / "x.idx"), scanned = scan_records(file);
  REQUIRE(places.size() == payloads.size());
  REQUIRE(scanned.size() == payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) {
    CAPTURE(i);
    CHECK(scanned[i].offset == places[i].offset);
    const Record record = file.at(places[i].offset);
    CHECK(Bytes(record.payload().begin(), record.payload().end()) == payloads[i]);
    int64_t parts = 1;
    for (size_t at = 0; at + 4 <= payloads[i].size(); at += 4)
      parts += std::memcmp(&payloads[i][at], kMagic.data(), 4) == 0;
    CHECK((file.after(places[i].offset) - places[i].offset) / 8 >= parts);
    for (int64_t inside = places[i].offset + 1; inside < file.after(places[i].offset); ++inside)
      CHECK_THROWS_AS(file.at(inside), Error);
  }
  CHECK_THROWS_AS(file.at(-4), Error);
  CHECK_THROWS_AS(file.at(file.size()), Error);
}

TEST_CASE("a file cut anywhere is refused, unless between records") {
  test::ScratchFolder scratch;
  RecordWriter writer(scratch / "x.rec");
  writer.add(0, zeros(5) + kMagic);
  writer.add(1, kMagic + kMagic + zeros(3));
  writer.finish();
  const std::string whole = read_text(scratch / "x.rec");
  const int64_t second = read_record_index(scratch / "x.idx")[1].offset;
  for (size_t size = 1; size < whole.size(); ++size) {
    CAPTURE(size);
    write_file(scratch / "cut.rec", std::string_view(whole).substr(0, size));
    const RecordFile file(scratch / "cut.rec");
    if (static_cast<int64_t>(size) == second) {
      CHECK(scan_records(file).size() == 1);
    } else {
      CHECK_THROWS_AS(scan_records(file), Error);
    }
  }
}

TEST_CASE(
    "a face .rec: images by key, classes from their own labels, identity records and record 0 left out") {
  test::ScratchFolder scratch;
  const Bytes a = encode_png(grey(112, 10)), b = encode_png(grey(112, 20)), c = encode_jpeg(grey(130, 30));
  // Identity records with wrong ranges, as above 2^24, do no harm.
  write_faces(
      scratch / "train.rec",
      {{3, {1, 1}, c}, {1, {0, 1}, a}, {2, {0, 1}, b}, {4, {1, 9}, {}}, {5, {9, 9}, {}}, {0, {4, 6}, {}}});
  write_file(scratch / "property", "3,112,112\n6\nshuffled\n");
  for (const fs::path& path : {scratch.path(), scratch / "train.rec"}) {
    const std::unique_ptr<Dataset> data = open_dataset(path);
    CHECK(labels(*data) == std::vector<int32_t>{0, 0, 1});
    CHECK(data->classes() == 3);
    CHECK(data->item_name(2) == (scratch / "train.rec").string() + ": record 3");
    std::vector<uint8_t> rgb(kCropBytes);
    data->image(1, rgb);
    CHECK(rgb[0] == 20);
    data->image(2, rgb);
    CHECK(rgb[kCropBytes / 2] == 30);
    CHECK(data->encoded(2) == c);
  }
  const std::string text = describe_path(scratch.path());
  CHECK(text.starts_with("MXNet RecordIO: 3 images of 3 identities\nfirst image: "));
  CHECK(text.find("images per identity: 0 to 2") != std::string::npos);

  SUBCASE("without an index, records without content are left out") {
    fs::remove(scratch / "train.idx");
    const std::unique_ptr<Dataset> data = open_dataset(scratch.path());
    CHECK(labels(*data) == std::vector<int32_t>{1, 0, 0});
  }
  SUBCASE("without property, the largest label counts") {
    fs::remove(scratch / "property");
    CHECK(open_dataset(scratch.path())->classes() == 2);
  }
}

TEST_CASE("an image folder and packed crops stay what they are beside a .rec of another name") {
  test::ScratchFolder scratch;
  const Bytes png = encode_png(grey(112, 1));
  write_file(scratch / "a/1.png", {reinterpret_cast<const char*>(png.data()), png.size()});
  write_faces(scratch / "other.rec", {{0, {0}, png}});
  CHECK(describe_path(scratch.path()).starts_with("image folder"));
  CHECK(describe_path(scratch / "other.rec").starts_with("MXNet RecordIO: 1 images"));
}

TEST_CASE("faults of a .rec of faces name the record and what is wrong") {
  test::ScratchFolder scratch;
  const Bytes png = encode_png(grey(112, 1));
  const auto write = [&](float label, const char* property) {
    write_faces(scratch / "train.rec", {{1, {0}, png}, {2, {label}, png}, {0, {3, 5}, {}}});
    write_file(scratch / "property", property);
  };
  write(2, "2,112,112\n");
  CHECK(fault(scratch) == "train.rec: record 2: class label 2, but `property` promises 2 classes");
  for (const float label : {-1.0f, 0.5f, std::numeric_limits<float>::quiet_NaN(), 3e9f}) {
    write(label, "2,112,112\n");
    CHECK(fault(scratch).starts_with("train.rec: record 2: "));
  }
  write(0, "2000000000,112,112");
  CHECK(fault(scratch) == "property:1: 2000000000 classes of 2 images");
  for (const char* property : {"", "2\n", "x,112,112\n", "0,112,112", "-1,112,112"}) {
    write(0, property);
    CHECK(fault(scratch).starts_with("property:1: "));
  }
  fs::remove(scratch / "property");
  write_faces(scratch / "train.rec", {{0, {0}, png}, {1, {1e6f}, png}});
  CHECK(fault(scratch) == "train.rec: record 1: class label 1000000 is out of range for 2 images");
  write_faces(scratch / "train.rec", {{0, {0}, png}, {1, {1}, {}}});
  CHECK(fault(scratch) == "train.rec: record 1: holds no image");
  write_faces(scratch / "train.rec", {{1, {0}, png}, {3, {0}, png}, {0, {4, 5}, {}}});
  CHECK(fault(scratch) == "train.rec: record 0: announces images 1 to 3, which train.idx does not list");
  write_faces(scratch / "train.rec", {{0, {1, 1}, {}}});
  CHECK(fault(scratch) == "train.rec: no images");
  for (const float announced : {0.0f, -5.0f, std::numeric_limits<float>::quiet_NaN(), 1e30f}) {
    write_faces(scratch / "train.rec", {{1, {0}, png}, {0, {announced, 1}, {}}});
    CHECK(fault(scratch).starts_with("train.rec: record 0: "));
  }
  write_file(scratch / "train.idx", "0\t0\n1\t4\n");
  CHECK(fault(scratch).starts_with("train.rec: offset 4: no record begins here"));
  write_file(scratch / "train.idx", "0\t0\n1\t4\t4\n");
  CHECK(fault(scratch) == "train.idx:2: expected 'key offset', found '1\t4\t4'");
  write_file(scratch / "train.idx", "0\t0\n-1\t4\n");
  CHECK(fault(scratch) == "train.idx:2: key -1 is negative");
}

TEST_CASE("the first identity record is found where f32 has rounded its key") {
  const auto first = [](int64_t images) {
    return first_identity_key(static_cast<float>(images + 1),
                              [&](int64_t key) { return key >= 1 && key <= images; });
  };
  for (const int64_t power : {1 << 23, 1 << 24, 1 << 25, 1 << 26}) {
    for (int64_t images = power - 9; images < power + 9; ++images) {
      CAPTURE(images);
      CHECK(first(images) == images + 1);
    }
  }
  CHECK(first(17091657) == 17091658);
  CHECK(first(42474557) == 42474558);
  // Below 2^24 nothing is asked: record 0 decides.
  CHECK(first_identity_key(7, [](int64_t) { return true; }) == 7);
}

TEST_CASE("data sets are written as .rec: copied where they are crops, ordered by class or shuffled") {
  test::ScratchFolder scratch;
  std::vector<Face> faces;
  for (int64_t i = 0; i < 12; ++i)
    faces.push_back(
        {i, {static_cast<float>(i % 3)}, encode_png(grey(i == 5 ? 120 : 112, static_cast<uint8_t>(i)))});
  write_faces(scratch / "in/train.rec", faces);
  const std::unique_ptr<Dataset> in = open_dataset(scratch / "in");

  write_records(*in, scratch / "out", {.progress = false});
  const std::unique_ptr<Dataset> out = open_dataset(scratch / "out");
  CHECK(labels(*out) == std::vector<int32_t>{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2});
  CHECK(out->encoded(4) == in->encoded(1));
  CHECK(read_text(scratch / "out/property") == "3,112,112\n");
  CHECK(read_record_index(scratch / "out/train.idx").size() == 12 + 3 + 1);
  const Image fitted = decode_image(out->encoded(9), "record of image 5");
  CHECK(fitted.width == 112);
  CHECK(std::abs(fitted.rgb[0] - 5) <= 1);
  const RecordFile file(scratch / "out/train.rec");
  const auto record = [&](size_t key) {
    return parse_image_record(file.at(read_record_index(scratch / "out/train.idx")[key].offset).payload())
        .labels;
  };
  CHECK(record(0) == std::vector<float>{13, 16});
  CHECK(record(14) == std::vector<float>{5, 9});

  write_records(*in, scratch / "shuffled", {.shuffled = true, .seed = 3, .progress = false});
  const std::unique_ptr<Dataset> shuffled = open_dataset(scratch / "shuffled");
  CHECK(shuffled->size() == 12);
  CHECK(shuffled->item_name(0).ends_with("record 0"));
  CHECK(labels(*shuffled) != labels(*in));
  int found = 0;
  for (int64_t i = 0; i < 12; ++i)
    for (int64_t j = 0; j < 12; ++j)
      found += i != 5 && shuffled->encoded(j) == in->encoded(i) && shuffled->label(j) == in->label(i);
  CHECK(found == 11);

  faces[7].content = zeros(9);
  write_faces(scratch / "bad/train.rec", faces);
  CHECK_THROWS_WITH_AS(write_records(*open_dataset(scratch / "bad"), scratch / "none", {.progress = false}),
                       ((scratch / "bad/train.rec").string() +
                        ": record 7: not a readable image (no whole JPEG, PNG, BMP or PGM)")
                           .c_str(),
                       Error);
  CHECK_FALSE(fs::exists(scratch / "none"));
  CHECK_THROWS_AS(write_records(*in, scratch / "out", {.progress = false}), Error);  // there are records
}

TEST_CASE("real RecordIO: eight face images, offsets as listed") {
  const fs::path data = test::shared_data();
  if (data.empty()) return;
  const RecordFile file(data / "recordio/train.rec");
  CHECK(scan_records(file).size() == 8);
  const std::unique_ptr<Dataset> faces = open_dataset(data / "recordio");
  CHECK(faces->size() == 8);
  CHECK(faces->classes() == 2);
  std::vector<uint8_t> rgb(kCropBytes);
  for (int64_t i = 0; i < 8; ++i) CHECK_NOTHROW(faces->image(i, rgb));
}
