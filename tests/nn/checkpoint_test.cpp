// Networks survive the disk bit for bit; files that are not what they claim are refused by name.
#include "nn/checkpoint.h"

#include <doctest/doctest.h>

#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "gradient.h"
#include "support/support.h"

using namespace fr;

namespace {

std::string safetensors(const std::string& header, size_t data_bytes) {
  std::string text(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(text.data(), &length, 8);
  return text + header + std::string(data_bytes, '\0');
}

void save(const std::filesystem::path& path, const Network& network, const std::string& size) {
  write_safetensors(path, stored(network.parameters(), "backbone."),
                    {{"network", network.name()}, {"embedding_size", size}});
}

}  // namespace

TEST_CASE("a network saved and loaded is the same network") {
  const test::ScratchFolder scratch;
  const auto backend = make_backend("cpu");
  Network network("iresnet_tiny", {.embedding_size = 6}, *backend);
  network.initialise(3);
  test::shake(network);
  const Tensor images = test::random_tensor({2, 3, 112, 112}, "images");
  network.forward_train(images);  // moves the running statistics
  save(scratch / "a.safetensors", network, "6");
  const auto loaded = load_network(scratch / "a.safetensors", *backend);
  CHECK(loaded->name() == "iresnet_tiny");
  CHECK(loaded->embedding_size() == 6);
  CHECK(loaded->parameters_hash() == network.parameters_hash());
  network.freeze();  // as the loaded one is
  const View a = network.forward_eval(images), b = loaded->forward_eval(images);
  for (int64_t i = 0; i < a.count(); ++i) CHECK(a.f32()[i] == b.f32()[i]);
}

TEST_CASE("tensors keep order, names, types and metadata") {
  const test::ScratchFolder scratch;
  const std::vector<float> f = {1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> k = {7};
  const std::vector<StoredTensor> tensors = {{"z \"q\" ß", "F32", {2, 3}, std::as_bytes(std::span(f))},
                                             {"a", "I64", {}, std::as_bytes(std::span(k))},
                                             {"none", "F32", {0, 4}, {}}};
  write_safetensors(scratch / "t", tensors, {{"step", "12"}});
  const Safetensors file(scratch / "t");
  CHECK(file.metadata() == std::map<std::string, std::string>{{"step", "12"}});
  REQUIRE(file.tensors().size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(file.tensors()[i].name == tensors[i].name);
    CHECK(file.tensors()[i].dtype == tensors[i].dtype);
    CHECK(file.tensors()[i].shape == tensors[i].shape);
    CHECK(std::ranges::equal(file.tensors()[i].bytes, tensors[i].bytes));
  }
  CHECK(file.tensor("z \"q\" ß").floats()[5] == 6);
  CHECK_THROWS_WITH_AS(file.tensor("a").floats(), "tensor 'a' is I64, expected F32", Error);
  CHECK_THROWS_AS(file.tensor("b"), Error);
  CHECK(file.contains("none"));
  CHECK_FALSE(file.contains("b"));
}

TEST_CASE("a tensor across float boundaries reads as well") {
  const test::ScratchFolder scratch;
  std::string text = safetensors(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4);
  REQUIRE((text.size() - 4) % 4 != 0);
  const float value = 2.5f;
  std::memcpy(text.data() + text.size() - 4, &value, 4);
  write_file(scratch / "t", text);
  CHECK(Safetensors(scratch / "t").tensor("a").floats()[0] == 2.5f);
}

TEST_CASE("headers that depart from the format are refused in one line") {
  const test::ScratchFolder scratch;
  const std::string good = R"("dtype":"U8","shape":[1],"data_offsets":[0,1])";
  const std::pair<std::string, const char*> cases[] = {
      {"{\"a\":{" + good + "},\"a\":{" + good + "}}", "'a' appears twice"},
      {"{\"a\":{" + good + ",\"dtype\":\"U8\"}}", "two fields 'dtype'"},
      {"{\"a\":{" + good + ",\"more\":1}}", "unknown field 'more'"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "lacks"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[[1]],\"data_offsets\":[0,1]}}", "array"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", "1.0"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", "-1"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0,18446744073709551615],\"data_offsets\":[0,0]}}",
       "does not fill"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":null,\"data_offsets\":[0,1]}}", "null"},
      {"{\"a\":{\"dtype\":\"Q8\",\"shape\":[1],\"data_offsets\":[0,1]}}", "unknown dtype 'Q8'"},
      {"{\"__metadata__\":{\"k\":{}},\"a\":{" + good + "}}", "object"},
      {"{\"__metadata__\":[],\"a\":{" + good + "}}", "array"},
      {"{\"a\":{" + good + "}} x", "not JSON"},
      {std::string(1'000'000, '{'), "not JSON"},
      {"{\"a\":" + std::string(1'000'000, '['), "array"},
  };
  for (const auto& [header, reason] : cases) {
    write_file(scratch / "t", safetensors(header, 1));
    const auto& shown = header;  // clang 14 captures no structured binding
    CAPTURE(shown.substr(0, 100));
    CHECK_THROWS_WITH_AS(Safetensors(scratch / "t"), doctest::Contains(reason), Error);
  }
  write_file(scratch / "t", safetensors("{\"a\":{" + good + "}}  ", 1));
  CHECK(Safetensors(scratch / "t").tensor("a").bytes.size() == 1);
}

TEST_CASE("a network of vectors comes back with its input size") {
  const test::ScratchFolder scratch;
  const auto backend = make_backend("ref");
  Network network("mlp", {.embedding_size = 6, .input_size = 4}, *backend);
  network.initialise(1);
  const auto save_as = [&](const std::string& input_size) {
    write_safetensors(scratch / "a", stored(network.parameters(), "backbone."),
                      {{"network", "mlp"}, {"embedding_size", "6"}, {"input_size", input_size}});
  };
  save_as("4");
  CHECK(load_network(scratch / "a", *backend)->parameters_hash() == network.parameters_hash());
  save_as("5");
  CHECK_THROWS_WITH_AS(load_network(scratch / "a", *backend), doctest::Contains("expected F32 [6, 5]"),
                       Error);
  for (const char* size : {"0", "-3", "six", "9999999999"}) {
    save_as(size);
    CHECK_THROWS_WITH_AS(load_network(scratch / "a", *backend), doctest::Contains(size), Error);
  }
}

TEST_CASE("a checkpoint of another network is refused with both shapes") {
  const test::ScratchFolder scratch;
  const auto backend = make_backend("ref");
  Network network("iresnet_tiny", {.embedding_size = 6}, *backend);
  const std::filesystem::path path = scratch / "a";
  save(path, network, "7");
  CHECK_THROWS_WITH_AS(load_network(path, *backend),
                       doctest::Contains("'backbone.fc.weight' is F32 [6, 6272], expected F32 [7, 6272]"),
                       Error);
  for (const char* size : {"0", "-3", "six", "9999999999"}) {
    save(path, network, size);
    CHECK_THROWS_WITH_AS(load_network(path, *backend), doctest::Contains(size), Error);
  }
  write_safetensors(path, stored(network.parameters(), ""),
                    {{"network", "iresnet_tiny"}, {"embedding_size", "6"}});
  CHECK_THROWS_WITH_AS(load_network(path, *backend), doctest::Contains("backbone.conv1.weight"), Error);
  write_safetensors(path, stored(network.parameters(), "backbone."), {});
  CHECK_THROWS_WITH_AS(load_network(path, *backend), doctest::Contains("not a checkpoint of a network"),
                       Error);
}
