// Name -> factory. Entries are namespace-scope `Registration` objects in the shared library fr or a module;
// duplicates throw.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace fr {

// One registry per Kind, where Kind names what is registered and the factory type:
//   struct NetworkKind { static constexpr const char* name = "network"; using Factory = Graph (*)(int64_t);
//   };
template <class Kind>
class Registry {
 public:
  using Factory = typename Kind::Factory;
  static Registry& instance() {
    static Registry registry;
    return registry;
  }
  void add(std::string name, Factory factory) {
    FR_CHECK(entries_.emplace(name, factory).second, "{} '{}' is registered twice", Kind::name, name);
  }
  Factory find(const std::string& name) const {
    const auto it = entries_.find(name);
    if (it == entries_.end()) fail("unknown {} '{}' (known: {})", Kind::name, name, list());
    return it->second;
  }
  bool contains(const std::string& name) const { return entries_.contains(name); }
  std::vector<std::string> names() const {  // sorted
    std::vector<std::string> result;
    for (const auto& [name, factory] : entries_) result.push_back(name);
    return result;
  }

 private:
  std::string list() const {
    std::string text;
    for (const auto& [name, factory] : entries_) text += (text.empty() ? "" : " ") + name;
    return text;
  }
  std::map<std::string, Factory> entries_;
};

template <class Kind>
struct Registration {
  Registration(std::string name, typename Kind::Factory factory) {
    Registry<Kind>::instance().add(std::move(name), factory);
  }
};

}  // namespace fr
