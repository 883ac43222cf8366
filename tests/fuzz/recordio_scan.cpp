// MXNet RecordIO without an index: the file is walked from its first record.
#include "core/files.h"
#include "fuzz.h"
#include "readers/image_record.h"
#include "readers/record_io.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path path = file("seed.rec", "");
  RecordWriter writer(path);
  writer.add(0, image_record_bytes({.labels = {0, 1}, .content = std::as_bytes(std::span("abc"))}));
  writer.add(1,
             image_record_bytes({.label = 1, .content = std::as_bytes(std::span("\n#\xd7\xce\n#\xd7\xce"))}));
  writer.finish();
  return {read_text(path)};
}

void run(std::string_view input) {
  const RecordFile records(file("x.rec", input));
  for (const RecordPlace& place : scan_records(records)) {
    const Record record = records.at(place.offset);
    parse_image_record(record.payload());
  }
}

}  // namespace fr::fuzz
