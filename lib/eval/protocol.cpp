#include "eval/protocol.h"

#include <cassert>

namespace fr {

std::string own_value(const Protocol& protocol, const ProtocolOptions& options, const std::string& spelling) {
  const auto given = options.own.find(spelling);
  if (given != options.own.end()) return given->second;
  for (const OwnOption& option : protocol.own_options()) {
    if (option.spelling == spelling) return option.value;
  }
  assert(false && "an option that the protocol does not have");
  return {};
}

}  // namespace fr
