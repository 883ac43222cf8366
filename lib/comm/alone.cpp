#include "comm/comm.h"

namespace fr {

namespace {

class Alone final : public Comm {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void all_reduce_max(std::span<float>) override {}
  void all_reduce_sum(std::span<float>) override {}
  void all_reduce_sum(std::span<double>) override {}
};

}  // namespace

Comm& alone() {
  static Alone comm;
  return comm;
}

}  // namespace fr
