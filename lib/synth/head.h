// The head as triangles: a superellipsoid skull with features as displacements, ears, neck and shoulders,
// hair. Every vertex remembers its place on the undisplaced skull, where paint is defined.
#pragma once
#include <cstdint>
#include <vector>

#include "synth/face.h"

namespace fr::synth {

enum class Part : uint8_t { kHead, kEar, kNeck, kHair };

struct Vertex {
  Vec3 position, normal;  // head coordinates; normal unit, outwards
  Vec3 base;              // before displacement
  float theta;            // azimuth, 0 in front, radians
};

struct Mesh {
  struct Triangle {
    int32_t corner[3];
    Part part;
  };
  std::vector<Vertex> vertices;
  std::vector<Triangle> triangles;
};

// Where hair (or a hat) begins: y at an azimuth; above it is hair.
class Hairline {
 public:
  Hairline(const Appearance& face, const Nuisance& nuisance);
  float y(float theta) const;
  float thickness() const { return thickness_; }  // mm
  bool hat() const { return hat_; }
  bool curtain() const { return curtain_; }  // long hair hangs beside the face

 private:
  float knots_[8];
  float widow_peak_, recession_, sweep_;
  float thickness_;
  bool hat_, curtain_;
};

class HeadShape {
 public:
  HeadShape(const Appearance& face, const Nuisance& nuisance);
  void build(Mesh& mesh) const;  // *overwrites* mesh
  // The displaced front surface above (x, y) of the undisplaced skull.
  Vec3 surface(float x, float y) const;
  // Eye centres, nose tip, mouth corners in the order of the reference landmarks.
  std::array<Vec3, 5> landmarks() const;
  const Hairline& hairline() const { return hairline_; }

 private:
  struct Ring {
    float y, half_width, front, back;  // mm
  };
  Ring ring(float y) const;
  Vec3 on_ring(const Ring& ring, float sine, float cosine, float cosine_power) const;
  Vec3 displaced(Vec3 base) const;
  Vec3 lowered(Vec3 point, float base_y, float sine, float cosine) const;
  void add_skull(Mesh& mesh) const;
  void add_ears(Mesh& mesh) const;
  void add_neck(Mesh& mesh) const;
  void add_curtain(Mesh& mesh) const;

  Appearance face_;
  Nuisance nuisance_;
  Hairline hairline_;
};

// Adds the triangles of a (rows, columns) grid whose vertices end the mesh, and their normals.
void finish_grid(Mesh& mesh, int rows, int columns, Part part);

}  // namespace fr::synth
