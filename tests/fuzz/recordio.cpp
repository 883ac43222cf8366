// MXNet RecordIO: records, index and property, as a training data set whose images are read.
#include "core/files.h"
#include "fuzz.h"
#include "image/image.h"
#include "readers/image_record.h"
#include "readers/record_faces.h"
#include "readers/record_io.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::vector<std::byte> image = encode_jpeg({8, 8, std::vector<uint8_t>(192, 90)});
  const std::filesystem::path path = file("seed.rec", "");
  RecordWriter writer(path);
  writer.add(1, image_record_bytes({.labels = {0, 1}, .content = image}));
  writer.add(2,
             image_record_bytes({.label = 1, .content = std::as_bytes(std::span("\n#\xd7\xce\n#\xd7\xce"))}));
  writer.add(3, image_record_bytes({.labels = {1, 2}}));
  writer.add(0, image_record_bytes({.labels = {3, 4}}));
  writer.finish();
  const std::string records = read_text(path),
                    index = read_text(std::filesystem::path(path).replace_extension("idx"));
  return {joined({"2,112,112\n", index, records}), joined({"2,112,112\n", "1\t0\n", records})};
}

void run(std::string_view input) {
  const std::vector<std::string_view> pieces = cut(input, 3);
  file("property", pieces[0]);
  file("x.idx", pieces[1]);
  const std::unique_ptr<Dataset> faces = open_records(file("x.rec", pieces[2]));
  std::vector<uint8_t> rgb(kCropBytes);
  for (int64_t i = 0; i < faces->size(); ++i) faces->image(i, rgb);
}

}  // namespace fr::fuzz
