// Classifier: a network of vectors with the class weights it was trained with.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "backend/backend.h"
#include "core/tensor.h"
#include "nn/network.h"

namespace fr {

class Classifier {
 public:
  // A model that fr-train made of vectors: class names are identities. fr::Error naming the file for any
  // other checkpoint. `backend` must outlive this object.
  Classifier(const std::filesystem::path& path, Backend& backend);

  int64_t input_size() const { return network_->options().input_size; }
  int64_t classes() const { return classes_; }
  int64_t class_of(int64_t identity) const;  // -1: it has none
  const Network& network() const { return *network_; }

  // vectors (n, input_size, 1, 1) -> shares (n, classes), overwritten: the softmax of each row's logits
  // without margin, in f64. The products under them are pair scores.
  void classify(const View& vectors, std::span<double> shares);

 private:
  std::unique_ptr<Network> network_;
  int64_t classes_ = 0;
  double scale_ = 0;                               // of cosines; 0: logits are products plus bias
  int64_t columns_ = 0;                            // of `weights_`: the embedding, and 1 for a bias
  std::vector<float> weights_;                     // (classes, columns), unit rows where scale > 0
  std::unordered_map<int64_t, int64_t> class_of_;  // identity -> class
  std::vector<float> rows_;                        // (n, columns)
  std::vector<float> products_;                    // (n, classes)
};

}  // namespace fr
