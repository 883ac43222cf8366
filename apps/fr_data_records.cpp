// fr-data records: training data as MXNet RecordIO.
#include <fmt/core.h>

#include "fr_data.h"
#include "readers/readers.h"
#include "readers/record_pack.h"

namespace fr {

namespace {

struct RecordsCommand {
  std::string data, out;
  RecordPackOptions options;
  int64_t quality = RecordPackOptions{}.quality;
};

int run_records(const RecordsCommand& c) {
  if (c.quality < 1 || c.quality > 100)
    throw UsageError(fmt::format("--quality {}: not in 1 … 100", c.quality));
  RecordPackOptions options = c.options;
  options.quality = static_cast<int>(c.quality);
  const std::unique_ptr<Dataset> data = open_dataset(c.data);
  write_records(*data, c.out, options);
  fmt::print("{}/train.rec, train.idx, property: {} images of {} identities\nnext: fr-train --data {}\n",
             c.out, data->size(), data->classes(), c.out);
  return 0;
}

}  // namespace

void add_records(Options& options) {
  static RecordsCommand c;
  options
      .subcommand(
          "records",
          "Write training data as MXNet RecordIO (train.rec, train.idx, property); JPEGs and PNGs of 112x112 "
          "pixels are copied byte for byte",
          "fr-data records --data faces/train --out faces_rec", [] { return run_records(c); })
      .add("--data", c.data, "folder with one folder of images per identity, packed crops, or another .rec")
      .required()
      .add("--out", c.out, "folder to write: a new or an empty one")
      .required()
      .flag("--shuffled", c.options.shuffled,
            "images in random order, without record 0 and identity records (as DALI needs them)")
      .add("--seed", c.options.seed, "with --shuffled: of the order")
      .add("--quality", c.quality, "of the JPEG made of any other image");
}

}  // namespace fr
