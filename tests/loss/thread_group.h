// A Comm whose ranks are threads of this process, for tests of code that runs on several ranks.
#pragma once
#include <algorithm>
#include <barrier>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "comm/comm.h"
#include "core/parallel.h"

namespace fr::test {

class ThreadGroup {
 public:
  explicit ThreadGroup(int size)
      : size_(size), barrier_(size), floats_(size_t(size)), doubles_(size_t(size)) {}

  // body(comm) on every rank at once; returns when all are done. Bodies must not throw.
  void run(const std::function<void(Comm&)>& body) {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size_; ++rank)
      threads.emplace_back([this, rank, &body] {
        set_thread_count(1);
        Rank comm(*this, rank);
        body(comm);
      });
  }

 private:
  class Rank final : public Comm {
   public:
    Rank(ThreadGroup& group, int rank) : group_(group), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return group_.size_; }
    void all_reduce_max(std::span<float> values) override {
      reduce(values, group_.floats_, [](float a, float b) { return std::max(a, b); });
    }
    void all_reduce_sum(std::span<float> values) override {
      reduce(values, group_.floats_, std::plus<float>());
    }
    void all_reduce_sum(std::span<double> values) override {
      reduce(values, group_.doubles_, std::plus<double>());
    }

   private:
    // Each rank publishes its values, then all combine them in rank order.
    template <class T, class Combine>
    void reduce(std::span<T> values, std::vector<std::vector<T>>& published, const Combine& combine) {
      published[static_cast<size_t>(rank_)].assign(values.begin(), values.end());
      group_.barrier_.arrive_and_wait();
      std::ranges::copy(published[0], values.begin());
      for (size_t r = 1; r < published.size(); ++r)
        for (size_t i = 0; i < values.size(); ++i) values[i] = combine(values[i], published[r][i]);
      group_.barrier_.arrive_and_wait();
    }
    ThreadGroup& group_;
    int rank_;
  };

  int size_;
  std::barrier<> barrier_;
  std::vector<std::vector<float>> floats_;
  std::vector<std::vector<double>> doubles_;
};

}  // namespace fr::test
