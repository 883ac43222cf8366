// The subcommands of fr-data, one file each: fr_data_NAME.cpp.
#pragma once
#include "options.h"

namespace fr {

void add_synth(Options& options);
void add_synth_protocol(Options& options);
void add_baselines(Options& options);
void add_pack(Options& options);
void add_crops(Options& options);
void add_records(Options& options);
void add_inspect(Options& options);
void add_verify(Options& options);

}  // namespace fr
