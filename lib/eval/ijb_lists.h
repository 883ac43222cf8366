// The parts of ijb_plan: which template an id of the official lists means, and the lists that name templates.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "eval/plan.h"

namespace fr {

// Template id -> index: a table where the ids lie close together (the official ones do), else a search.
class TemplateIndex {
 public:
  explicit TemplateIndex(std::vector<int64_t> ids);  // ascending
  int32_t find(int64_t id) const {                   // -1: none
    if (!table_.empty()) return id >= 0 && id < std::ssize(table_) ? table_[static_cast<size_t>(id)] : -1;
    return search(id);
  }
  int32_t at(int64_t id) const {  // fr::Error "template ID has no images"
    const int32_t index = find(id);
    FR_CHECK(index >= 0, "template {} has no images", id);
    return index;
  }

 private:
  int32_t search(int64_t id) const;
  std::vector<int64_t> ids_;
  std::vector<int32_t> table_;
};

// Lines "template template label" of the pair list in `text`; `where` is its file. Parsed by all threads; the
// order is the file's. Throws fr::Error "WHERE:LINE: …".
std::vector<Pair> parse_template_pairs(std::string_view text, const std::string& where,
                                       const TemplateIndex& templates);

// What the two galleries of 1:N are called: S1 and S2 of ijbb, G1 and G2 of ijbc.
std::array<std::string, 2> ijb_galleries(const std::string& name);

// 1:N (spec 4.6): META/NAME_1N_gallery_{each of ijb_galleries}.csv and NAME_1N_probe_mixed.csv, a header row,
// then the template's id and its subject's in the first two columns; a template may come several times. Fills
// plan.searches and plan.subjects; where a file is absent there is no 1:N, and plan.variant says which.
// Throws fr::Error "FILE:LINE: …" for a malformed line, a template without images or of two subjects, and a
// subject with two templates in one gallery.
void read_searches(const std::string& name, const std::filesystem::path& meta, const TemplateIndex& templates,
                   Hasher& hash, Plan& plan);

}  // namespace fr
