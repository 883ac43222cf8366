// Plans of labelled image pairs: from a verification .bin, or from pairs that a protocol read off its
// official lists.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eval/plan.h"
#include "eval/protocol.h"

namespace fr {

// One pair of an official list. a, b: the images' official relative paths; where: "LIST:LINE" for messages.
struct ListedPair {
  std::string a, b;
  bool same = false;
  std::string where;
};

// What data set folders look like: the images lie under the first of `folders` (below --data, "" is --data
// itself) that holds the first pair's first image, as .jpg or .png.
struct ListedPairs {
  std::filesystem::path list;        // the official list, or the folder of lists
  std::vector<ListedPair> pairs;     // in fold order
  std::vector<std::string> folders;  // candidates for the images
  std::string content_hash;
  std::function<std::string(const std::string& image)> person{};  // whose image that is, where lists say so
};

// "Aaron_Eckhart" of "Aaron_Eckhart/Aaron_Eckhart_0001.jpg": the names of LFW and its kin.
std::string lfw_person(const std::string& image);

// The verification pack `data` names: itself when it is a file, else data/NAME.bin where that exists. Throws
// fr::Error when `data` does not exist.
std::optional<std::filesystem::path> find_bin(const std::filesystem::path& data, const std::string& name);

// Items are the pack's images "0", "1", …; pair i is images 2i and 2i+1 (spec 4.3).
Plan plan_of_bin(const std::string& protocol, const std::filesystem::path& bin,
                 const ProtocolOptions& options);

// Items are the distinct images in order of first use, named by their official path. Without options.images
// the plan is made also where the images are absent; with it a missing one is fr::Error "LIST:LINE: …".
Plan plan_of_pairs(const std::string& protocol, const ListedPairs& listed, const ProtocolOptions& options);

// `list` must exist; otherwise fr::Error says that `data` holds neither NAME.bin nor the list.
void require_list(const std::filesystem::path& list, const std::filesystem::path& data,
                  const std::string& name);

// What the terminal and the result say of a full benchmark of pairs: half of them genuine.
void publish_pairs(Plan& plan, int64_t pairs, int64_t bin_images);

}  // namespace fr
