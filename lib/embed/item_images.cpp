#include "embed/item_images.h"

#include "core/error.h"
#include "core/files.h"
#include "image/align.h"
#include "image/image.h"

namespace fr {

namespace {

std::string full_name(const Item& item) {
  return item.index_in_file < 0 ? item.file : fmt::format("{}: image {}", item.file, item.index_in_file);
}

}  // namespace

ItemImages::ItemImages(const std::vector<Item>& items) {
  for (const Item& item : items) {
    FR_CHECK(!item.file.empty(),
             "{}: the image of this item is not known: the data hold lists, but no images", item.name);
    if (item.index_in_file < 0) continue;
    const VerificationBin& pack = packs_.try_emplace(item.file, item.file).first->second;
    FR_CHECK(item.index_in_file < pack.images(), "{}: image {} of {}", item.file, item.index_in_file,
             pack.images());
  }
}

std::vector<std::byte> ItemImages::encoded(const Item& item) const {
  if (item.index_in_file >= 0) {
    const std::span<const std::byte> image = packs_.at(item.file).image(item.index_in_file);
    return {image.begin(), image.end()};
  }
  const MappedFile file(item.file);
  return {file.bytes().begin(), file.bytes().end()};
}

void ItemImages::crop(const Item& item, std::span<uint8_t> rgb) const {
  const Image image = decode_image(encoded(item), full_name(item));
  if (!item.has_landmarks) return fit_crop(image, rgb);
  FR_CHECK(align(image, item.landmarks, rgb), "{}: cannot be aligned: the five landmarks are degenerate",
           full_name(item));
}

}  // namespace fr
