// Protocol: turns a benchmark's official files into a Plan. One file each in protocols/.
#pragma once
#include <string>
#include <vector>

#include "core/registry.h"
#include "eval/plan.h"

namespace fr {

struct ProtocolOptions {
  std::string data;  // --data DIR, or a .bin file
  int64_t folds = 10;
  bool images =
      false;  // a model is to embed the items: every image must exist, else fr::Error "LIST:LINE: …"
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::string title() const = 0;                           // "Labeled Faces in the Wild, view 2"
  virtual std::string needs() const = 0;                           // one line: which files --data must hold
  virtual std::string first_metric() const { return "accuracy"; }  // what the terminal shows first
  virtual Plan plan(const ProtocolOptions& options) const = 0;     // throws fr::Error naming file and line
};

struct ProtocolKind {
  static constexpr const char* name = "protocol";
  using Factory = const Protocol& (*)();
};

}  // namespace fr
