// The state of a training run in one safetensors file: backbone.*, head.*, momentum.backbone, momentum.head,
// and as metadata the step and the configuration. Order, flips and dropout are functions of seed and step.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "core/parameters.h"

namespace fr {

struct TrainState {
  Parameters& backbone;    // with running statistics
  Parameters& head;        // class weights, bias
  View backbone_momentum;  // (backbone.count())
  View head_momentum;      // (head.count())
};

// Atomically: until the new file is complete the old one stays.
void save_state(const std::filesystem::path& path, const TrainState& state,
                const std::map<std::string, std::string>& metadata);

// Fills `state`; returns the metadata. Throws fr::Error naming the file when a tensor is missing or of
// another shape, or when the file's metadata differ from `configuration`.
std::map<std::string, std::string> load_state(const std::filesystem::path& path, const TrainState& state,
                                              const std::map<std::string, std::string>& configuration);

}  // namespace fr
