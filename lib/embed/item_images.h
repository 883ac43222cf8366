// The images of a plan's items: files, or entries of packs that are opened once.
#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/verification_bin.h"
#include "eval/plan.h"

namespace fr {

class ItemImages {
 public:
  // Opens every pack the items name. Throws fr::Error where an item has no file at all, or a pack is
  // unreadable or has too few images.
  explicit ItemImages(const std::vector<Item>& items);

  // The encoded image. Throws fr::Error naming the file.
  std::vector<std::byte> encoded(const Item& item) const;
  // Decodes, then aligns where the item has landmarks, else fits the middle. Throws fr::Error naming item and
  // reason.
  void crop(const Item& item, std::span<uint8_t> rgb /*(112,112,3)*/) const;

 private:
  std::map<std::string, VerificationBin> packs_;
};

}  // namespace fr
