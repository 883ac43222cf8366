# The front door. `make demo`: set up, build, train, evaluate, report. `make test`: set up, build, test.
BUILD ?= build
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
# What Debian must bring, and why.
PACKAGES := \
  g++:compiler cmake:build ninja-build:build git:revision-in-results \
  libdnnl-dev:CPU-convolutions libopencv-dev:image-decoding libjpeg-dev:whole-JPEGs-only libhdf5-dev:embedding-files \
  nlohmann-json3-dev:JSON libcli11-dev:options libfmt-dev:formatting librandom123-dev:random-numbers \
  libxxhash-dev:content-hashes doctest-dev:tests
names := $(foreach p,$(PACKAGES),$(firstword $(subst :, ,$(p))))

.PHONY: setup build demo test asan format format-check layering bench install clean

setup:
	@missing="$$(for p in $(names); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done)"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "Debian packages to install (package:why):"; \
	for p in $(PACKAGES); do echo "$$missing" | grep -qx "$${p%%:*}" && echo "  $$p" || true; done; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; else \
	  echo "Installing needs root: run  apt-get install" $$missing; exit 1; fi; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null

$(BUILD)/build.ninja:
	cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS)

build: setup $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS)

demo: setup
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja CMAKE_FLAGS="$(CMAKE_FLAGS)"
	cmake --build $(BUILD) -j $(JOBS) --target programs
	apps/demo.sh $(BUILD)/bin demo

test: build
	ctest --test-dir $(BUILD) --output-on-failure

# Address and undefined-behaviour sanitizers over the unit tests.
asan: setup
	cmake -S . -B $(BUILD)-asan -G Ninja -DFR_SANITIZE=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo $(CMAKE_FLAGS)
	cmake --build $(BUILD)-asan -j $(JOBS)
	ctest --test-dir $(BUILD)-asan --output-on-failure -L unit

sources = $(shell git ls-files '*.cpp' '*.h' '*.cu' '*.cuh')
format:
	clang-format -i $(sources)
format-check:
	@clang-format --dry-run -Werror $(sources)

bench: build
	$(BUILD)/bin/fr-bench gemm
	$(BUILD)/bin/fr-bench train iresnet18 --batch 16

install: build
	cmake --install $(BUILD)

clean:
	rm -rf $(BUILD) $(BUILD)-asan demo
