// The plan of IJB-B and IJB-C, 1:1 and 1:N (spec 4.6, 6.4, 6.5), from the official lists. 15.7 million pairs
// parse in a fraction of a second.
#pragma once
#include <string>

#include "eval/plan.h"
#include "eval/protocol.h"

namespace fr {

// name: "ijbb" or "ijbc". Reads {meta, IJBC/meta,
// .}/ijbc_{face_tid_mid,name_5pts_score,template_pair_label}.txt below options.data, and the lists of 1:N
// where all of them are there (eval/ijb_lists.h); images in loose_crop beside meta. Item i is line i of the
// lists. Throws fr::Error "FILE:LINE: …" for a malformed line, images in another order, a label other than 0
// and 1, a template without images.
Plan ijb_plan(const std::string& name, const ProtocolOptions& options);

}  // namespace fr
