// Protocol: turns a benchmark's official files into a Plan. One file each in protocols/.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/registry.h"
#include "eval/plan.h"

namespace fr {

// An option of one protocol alone: what its --help says and what it is without being given.
struct OwnOption {
  std::string spelling, value, help;   // "--size", "1000000", "how many distractors"
  std::vector<std::string> choices{};  // empty: any text
  bool is_switch = false;              // takes no value: "yes" where it is given
};

struct ProtocolOptions {
  std::string data;  // --data DIR, or a .bin file
  int64_t folds = 10;
  // A model is to embed the items: every image must exist, else fr::Error "LIST:LINE: …".
  bool images = false;
  bool validation_examples = false;  // iQIYI-VID: val_gt.txt gives examples beside train_gt.txt
  bool embeddings = false;  // given ones or a model's are to be evaluated: not the plan alone, nor scores
  const std::vector<std::string>* rows = nullptr;  // names of the embedding file's rows, where one is given
  std::map<std::string, std::string> own{};        // spelling -> value, of the protocol's own options
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::string title() const = 0;                           // "Labeled Faces in the Wild, view 2"
  virtual std::string needs() const = 0;                           // one line: which files --data must hold
  virtual std::string first_metric() const { return "accuracy"; }  // what the terminal shows first
  virtual bool ranked() const { return false; }  // plans hold rankings, not pairs: other options apply
  virtual bool flip() const { return true; }     // whether its rule adds the embeddings of mirrored images
  virtual std::vector<OwnOption> own_options() const { return {}; }
  virtual Plan plan(const ProtocolOptions& options) const = 0;  // throws fr::Error naming file and line
};

// The value of an own option: as given, else its default.
std::string own_value(const Protocol& protocol, const ProtocolOptions& options, const std::string& spelling);

struct ProtocolKind {
  static constexpr const char* name = "protocol";
  using Factory = const Protocol& (*)();
};

}  // namespace fr
