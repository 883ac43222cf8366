// Lists of videos by identity (spec 4.8): "id video1.mp4 video2.mp4 …", one identity a line. Ground truth and
// submissions have the same form.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "eval/plan.h"
#include "eval/ranking.h"

namespace fr {

struct IdentityList {
  int64_t identity = 0;
  std::vector<std::string> videos;
  int64_t line = 0;  // in the file, from 1
};

// train_gt.txt, val_gt.txt, test_gt.txt: `text` is the whole file. Blank lines and blanks at an end are
// passed over. fr::Error "PATH:LINE: …" for an id that is no number, an identity or a video listed twice, a
// line without videos, and an empty file.
std::vector<IdentityList> parse_identity_lists(std::string_view text, const std::string& path);

// A submission as lists of items, one for each identity of the ranking; lists of other identities are left
// out. A video that is no item of the plan keeps its place under a negative number. fr::Error "PATH:LINE: …"
// as above, and for more than ranking.depth different videos of an identity unless `cut` leaves them to
// map_at.
RankedLists parse_submission(std::string_view text, const std::string& path, const Plan& plan,
                             const Ranking& ranking, bool cut = false);

// The lists in the form parse_submission reads, one line for each identity that has videos.
std::string submission_text(const Plan& plan, const Ranking& ranking, const RankedLists& lists);

}  // namespace fr
