// Half-space rasteriser with a depth buffer.
#include "synth/raster.h"

#include <limits>

namespace fr::synth {

void rasterise(const Mesh& mesh, std::span<const Projected> points, int size,
               std::vector<Fragment>& fragments) {
  fragments.assign(static_cast<size_t>(size * size), {-std::numeric_limits<float>::infinity(), -1, 0, 0});
  for (size_t t = 0; t < mesh.triangles.size(); ++t) {
    const auto& triangle = mesh.triangles[t];
    const Projected& p = points[static_cast<size_t>(triangle.corner[0])];
    const Projected& q = points[static_cast<size_t>(triangle.corner[1])];
    const Projected& r = points[static_cast<size_t>(triangle.corner[2])];
    const float area = (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    // The closed skull shows its outside only; hair, ears and shoulders are seen from both sides.
    if (area == 0 || (triangle.part == Part::kHead && area > 0)) continue;
    // Pixels whose centres lie in the bounding box; most small triangles have one or none.
    const int left = std::max(0, static_cast<int>(std::ceil(std::min({p.x, q.x, r.x}) - 0.5f)));
    const int right = std::min(size - 1, static_cast<int>(std::floor(std::max({p.x, q.x, r.x}) - 0.5f)));
    const int top = std::max(0, static_cast<int>(std::ceil(std::min({p.y, q.y, r.y}) - 0.5f)));
    const int bottom = std::min(size - 1, static_cast<int>(std::floor(std::max({p.y, q.y, r.y}) - 0.5f)));
    if (left > right || top > bottom) continue;
    const float inverse = 1 / area;
    const float bx = (r.y - p.y) * inverse, by = -(r.x - p.x) * inverse;
    const float cx = -(q.y - p.y) * inverse, cy = (q.x - p.x) * inverse;
    const float slack = -1e-4f;
    for (int y = top; y <= bottom; ++y)
      for (int x = left; x <= right; ++x) {
        const float dx = static_cast<float>(x) + 0.5f - p.x, dy = static_cast<float>(y) + 0.5f - p.y;
        const float b = bx * dx + by * dy, c = cx * dx + cy * dy;
        if (b < slack || c < slack || b + c > 1 - slack) continue;
        const float depth = p.depth + b * (q.depth - p.depth) + c * (r.depth - p.depth);
        Fragment& f = fragments[static_cast<size_t>(y * size + x)];
        if (depth > f.depth) f = {depth, static_cast<int32_t>(t), b, c};
      }
  }
}

}  // namespace fr::synth
