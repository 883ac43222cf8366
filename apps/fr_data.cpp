// fr-data: make, pack, inspect and check data sets.
#include "fr_data.h"

int main(int argc, char** argv) {
  fr::Options options("fr-data", "Make, pack, inspect and check data sets",
                      "fr-data synth --identities 300 --images 30 --out data");
  fr::add_synth(options);
  fr::add_synth_protocol(options);
  fr::add_baselines(options);
  fr::add_pack(options);
  fr::add_crops(options);
  fr::add_records(options);
  fr::add_inspect(options);
  fr::add_verify(options);
  return options.run(argc, argv,
                     []() -> int { throw fr::UsageError("name a subcommand (see fr-data --help)"); });
}
