// The plan of IJB-B and IJB-C 1:1 (spec 4.6, 6.4) from the official lists. 15.7 million pairs parse in
// seconds.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "eval/plan.h"
#include "eval/protocol.h"

namespace fr {

// name: "ijbc". Reads {meta, IJBC/meta, .}/ijbc_{face_tid_mid,name_5pts_score,template_pair_label}.txt below
// options.data; images in loose_crop beside meta. Item i is line i of the lists. Throws fr::Error "FILE:LINE:
// …" for a malformed line, images in another order, a label other than 0 and 1, a template without images.
Plan ijb_plan(const std::string& name, const ProtocolOptions& options);

// Lines "template template label" of the pair list in `text`; `where` is its file. Templates are looked up in
// `ids` (ascending) and become their indices. Parsed by all threads; the order is the file's.
std::vector<Pair> parse_template_pairs(std::string_view text, const std::string& where,
                                       const std::vector<int64_t>& ids);

}  // namespace fr
