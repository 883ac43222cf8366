// The tape: nodes in topological order, appended by architecture builders.
#pragma once
namespace fr {
class Graph {};
}  // namespace fr
