#include "eval/ijb_lists.h"

#include <algorithm>
#include <unordered_map>

#include "core/files.h"
#include "core/parse_lines.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

// One line of a 1:N list.
struct Member {
  int64_t template_id = 0, subject = 0;
};

std::vector<Member> read_members(const fs::path& path, Hasher& hash) {
  const MappedFile file(path);
  hash.add(file.text());
  const std::string_view text = file.text();
  const size_t header = std::min(text.find('\n'), text.size());
  Member first;
  FieldReader titles(text.substr(0, header), ',');
  FR_CHECK(!titles.next(first.template_id), "{}:1: expected a header row, found '{}'", path.string(),
           text.substr(0, std::min<size_t>(header, 80)));
  std::vector<Member> members = parse_lines<Member>(
      text.substr(std::min(header + 1, text.size())), path.string(),
      [](std::string_view line, Member& member) {
        FieldReader fields(line, ',');
        FR_CHECK(fields.next(member.template_id) && fields.next(member.subject),
                 "expected 'template,subject,…', found '{}'", line.substr(0, 80));
        FR_CHECK(member.subject >= 0, "subject {} is negative", member.subject);
      },
      2);
  FR_CHECK(!members.empty(), "{}: lists no templates", path.string());
  return members;
}

// The templates of one list, ascending; their subjects go into plan.subjects. In a gallery each subject has
// one template.
std::vector<int64_t> read_side(const fs::path& path, bool gallery, const TemplateIndex& templates,
                               Hasher& hash, Plan& plan) {
  const std::vector<Member> members = read_members(path, hash);
  std::vector<int64_t> side;
  std::unordered_map<int64_t, int64_t> template_of;  // subject -> index
  for (size_t i = 0; i < members.size(); ++i) {
    const Member& member = members[i];
    const int64_t index = templates.find(member.template_id);
    const auto where = [&] { return fmt::format("{}:{}", path.string(), i + 2); };
    FR_CHECK(index >= 0, "{}: template {} has no images", where(), member.template_id);
    int64_t& subject = plan.subjects[static_cast<size_t>(index)];
    FR_CHECK(subject < 0 || subject == member.subject, "{}: template {} is of subject {} here, of {} before",
             where(), member.template_id, member.subject, subject);
    subject = member.subject;
    side.push_back(index);
    if (!gallery) continue;
    const auto [known, added] = template_of.emplace(member.subject, index);
    FR_CHECK(known->second == index, "{}: subject {} has template {} in this gallery already", where(),
             member.subject, plan.templates[static_cast<size_t>(known->second)].id);
  }
  std::sort(side.begin(), side.end());
  side.erase(std::unique(side.begin(), side.end()), side.end());
  return side;
}

}  // namespace

TemplateIndex::TemplateIndex(std::vector<int64_t> ids) : ids_(std::move(ids)) {
  constexpr int64_t kTableLimit = int64_t{1} << 24;
  if (ids_.empty() || ids_.front() < 0 || ids_.back() >= kTableLimit) return;
  table_.assign(static_cast<size_t>(ids_.back()) + 1, -1);
  for (size_t i = 0; i < ids_.size(); ++i) table_[static_cast<size_t>(ids_[i])] = static_cast<int32_t>(i);
}

int32_t TemplateIndex::search(int64_t id) const {
  const auto it = std::lower_bound(ids_.begin(), ids_.end(), id);
  return it != ids_.end() && *it == id ? static_cast<int32_t>(it - ids_.begin()) : -1;
}

std::vector<Pair> parse_template_pairs(std::string_view text, const std::string& where,
                                       const TemplateIndex& templates) {
  std::vector<Pair> pairs = parse_lines<Pair>(text, where, [&](std::string_view line, Pair& pair) {
    FieldReader fields(line);
    int64_t a = 0, b = 0, label = 0;
    FR_CHECK(fields.next(a) && fields.next(b) && fields.next(label) && fields.at_end(),
             "expected 'template template label', found '{}'", line.substr(0, 80));
    FR_CHECK(label == 0 || label == 1, "label {} is neither 0 nor 1", label);
    pair = {templates.at(a), templates.at(b), label == 1};
  });
  FR_CHECK(!pairs.empty(), "{}: lists no pairs", where);
  return pairs;
}

std::array<std::string, 2> ijb_galleries(const std::string& name) {
  const std::string letter = name == "ijbb" ? "S" : "G";
  return {letter + "1", letter + "2"};
}

void read_searches(const std::string& name, const fs::path& meta, const TemplateIndex& templates,
                   Hasher& hash, Plan& plan) {
  const std::array<std::string, 2> galleries = ijb_galleries(name);
  const auto path = [&](const std::string& list) { return meta / fmt::format("{}_1N_{}.csv", name, list); };
  for (const std::string& list :
       {"gallery_" + galleries[0], "gallery_" + galleries[1], std::string("probe_mixed")}) {
    if (fs::exists(path(list))) continue;
    plan.variant["1:N"] = fmt::format("not run: no {}", path(list).filename().string());
    return;
  }
  plan.subjects.assign(plan.templates.size(), -1);
  const std::vector<int64_t> probes = read_side(path("probe_mixed"), false, templates, hash, plan);
  for (const std::string& gallery : galleries) {
    plan.searches.push_back(
        {gallery, probes, read_side(path("gallery_" + gallery), true, templates, hash, plan)});
  }
}

}  // namespace fr
