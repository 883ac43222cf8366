// fr-data pack: a verification .bin of images and LFW's pairs.txt.
#include <fmt/core.h>

#include "fr_data.h"
#include "readers/verification_pack.h"

namespace fr {

namespace {

struct PackCommand {
  std::string images, pairs, out;
};

int run_pack(const PackCommand& c) {
  const int64_t pairs = pack_lfw_pairs(c.images, c.pairs, c.out);
  fmt::print("{}: {} pairs, {} images\n", c.out, pairs, 2 * pairs);
  return 0;
}

}  // namespace

void add_pack(Options& options) {
  static PackCommand c;
  options
      .subcommand("pack", "Pack images and a pair list as one verification .bin",
                  "fr-data pack --images lfw/crops_112 --pairs lfw/pairs.txt --out lfw.bin",
                  [] { return run_pack(c); })
      .add("--images", c.images, "folder with NAME/NAME_0001.jpg (or .png .bmp .pgm), copied byte for byte")
      .required()
      .add("--pairs", c.pairs, "pair list in the form of LFW's pairs.txt")
      .required()
      .add("--out", c.out, "the .bin to write")
      .required();
}

}  // namespace fr
