#include "eval/megaface_lists.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"

namespace fr {

namespace {

// Takes "path" and "id" of the top object as they are parsed: a tree of a million strings would take three
// times their memory.
class ListParser final : public nlohmann::json_sax<Json> {
 public:
  ListParser(FeatureList& list, std::string where) : list_(list), where_(std::move(where)) {}

  bool null() override { return other("null"); }
  bool boolean(bool /*value*/) override { return other("a boolean"); }
  bool number_integer(number_integer_t /*value*/) override { return other("a number"); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return other("a number"); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return other("a number"); }
  bool binary(binary_t& /*value*/) override { return other("bytes"); }
  bool string(string_t& value) override {
    if (target_ == nullptr || depth_ != 2) return other("text");
    FR_CHECK(!value.empty(), "{}: {}[{}] is empty", where_, key_, target_->size());
    target_->push_back(std::move(value));
    return true;
  }
  bool start_object(size_t /*size*/) override {
    if (depth_ > 0) other("an object");
    ++depth_;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(size_t /*size*/) override {
    if (depth_ != 1) other("a list");
    ++depth_;
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1) target_ = nullptr;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    key_ = name;
    target_ = name == "path" ? &list_.paths : name == "id" ? &list_.people : nullptr;
    FR_CHECK(target_ == nullptr || target_->empty(), "{}: '{}' is there twice", where_, name);
    return true;
  }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    fail("{}: not JSON: {}", where_, error.what());
  }

 private:
  // A value that is none of the texts we want.
  bool other(const char* what) const {
    FR_CHECK(depth_ > 0, "{}: expected an object with \"path\", found {}", where_, what);
    FR_CHECK(target_ == nullptr, "{}: '{}' should be a list of texts; after {} of them there is {}", where_,
             key_, target_->size(), what);
    return true;
  }

  FeatureList& list_;
  std::string where_, key_;
  std::vector<std::string>* target_ = nullptr;  // of the key we are in, where we want its texts
  int64_t depth_ = 0;
};

constexpr const char* kBlanks = " \t";

bool is_comment(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos || line.front() == '#';
}

}  // namespace

FeatureList read_json_list(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  FeatureList list;
  ListParser parser(list, file.string());
  Json::sax_parse(mapped.text(), &parser);
  FR_CHECK(!list.paths.empty(), "{}: 'path' is missing or empty", file.string());
  FR_CHECK(list.people.empty() || list.people.size() == list.paths.size(),
           "{}: 'id' has {} entries, 'path' {}", file.string(), list.people.size(), list.paths.size());
  return list;
}

std::string_view last_components(std::string_view path, int components) {
  for (size_t end = path.size();;) {
    const size_t slash = path.substr(0, end).rfind('/');
    const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (begin == end) return {};  // an empty component
    if (--components == 0) return path.substr(begin);
    if (begin == 0) return {};
    end = slash;
  }
}

FeatureList read_plain_list(const std::filesystem::path& file, int components) {
  const MappedFile mapped(file);
  FeatureList list;
  for_each_line(mapped.text(), [&](std::string_view line, int64_t number) {
    if (line.find_first_not_of(kBlanks) == std::string_view::npos) return;
    const std::string_view name =
        last_components(line.substr(0, line.find_last_not_of(kBlanks) + 1), components);
    FR_CHECK(!name.empty(), "{}:{}: expected {}, found '{}'", file.string(), number,
             components == 2 ? "person/image" : "a1/a2/image", line);
    list.paths.emplace_back(name);
    if (components == 2) list.people.emplace_back(name.substr(0, name.find('/')));
  });
  FR_CHECK(!list.paths.empty(), "{}: lists no images", file.string());
  return list;
}

NoiseList read_noise_list(const std::filesystem::path& file, int components) {
  const MappedFile mapped(file);
  NoiseList list;
  for_each_line(mapped.text(), [&](std::string_view line, int64_t number) {
    if (is_comment(line)) return;
    const std::vector<std::string_view> fields = split(line, '\t');
    const std::string_view name = last_components(fields.size() > 1 ? fields[1] : fields[0], components);
    FR_CHECK(!name.empty(), "{}:{}: expected {}, found '{}'", file.string(), number,
             components == 1 ? "an image" : "a1/a2/image", line);
    list.names.emplace(name);
    ++list.lines;
  });
  return list;
}

}  // namespace fr
