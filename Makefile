# The front door. `make demo`: set up, build, train, evaluate, report. `make test`: set up, build, test.
# `make tidy clang tsan asan` and .ci/left_out: what .ci/run checks besides; `make fuzz` fuzzes the readers. Each builds in
# a folder of its own.
BUILD ?= build
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
# What Debian must bring, and why.
PACKAGES := \
  g++:compiler cmake:build ninja-build:build git:revision-in-results \
  libdnnl-dev:CPU-convolutions libopencv-dev:image-decoding libjpeg-dev:whole-JPEGs-only libhdf5-dev:embedding-files \
  zlib1g-dev:MATLAB-lists nlohmann-json3-dev:JSON libcli11-dev:options libfmt-dev:formatting librandom123-dev:random-numbers \
  libxxhash-dev:content-hashes doctest-dev:tests
# What the checks that use clang need besides.
CLANG_PACKAGES := \
  clang:second-compiler clang-tidy:static-checks clang-format:format libomp-dev:OpenMP-for-clang \
  libclang-rt-dev:thread-sanitizer

.PHONY: setup setup-clang build demo test deps gpu asan tsan fuzz clang tidy format format-check bench install clean

setup: packages = $(PACKAGES)
setup-clang: packages = $(CLANG_PACKAGES)
setup setup-clang: names = $(foreach p,$(packages),$(firstword $(subst :, ,$(p))))
setup setup-clang:
	@missing="$$(for p in $(names); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done)"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "Debian packages to install (package:why):"; \
	for p in $(packages); do echo "$$missing" | grep -qx "$${p%%:*}" && echo "  $$p" || true; done; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; else \
	  echo "Installing needs root: run  apt-get install" $$missing; exit 1; fi; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null

$(BUILD)/build.ninja:
	cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS)

build: setup $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS)

demo: setup
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja CMAKE_FLAGS="$(CMAKE_FLAGS)"
	cmake --build $(BUILD) -j $(JOBS) --target fr-data fr-train fr-eval fr-report
	apps/demo.sh $(BUILD)/bin demo

test: build
	ctest --test-dir $(BUILD) --output-on-failure

# What a bare GPU machine builds and tests: a compiler, CMake, Ninja and CUDA are there, nothing else. `make deps`, on a
# machine with the packages, copies the header-only libraries into .deps, which travels with the sources.
deps: setup
	@mkdir -p .deps && for name in fmt nlohmann CLI Random123 doctest xxhash.h; do \
	  rm -rf .deps/$$name && cp -rL /usr/include/$$name .deps/ || exit 1; done

# Whatever compiler is there: its warnings are no errors. Where there is a GPU, it is built for that one, and no test of it
# may be skipped.
gpu: backends = ref,cuda,cuda_f32,cuda_tf32
gpu: a_gpu = $(shell nvidia-smi -L >/dev/null 2>&1 && echo yes)
gpu:
	@[ -d .deps ] || { echo "No .deps: run 'make deps' where the Debian packages are, and copy it here"; exit 1; }
	cmake -S . -B $(BUILD)-gpu -G Ninja -DFR_DEPS=$(CURDIR)/.deps -DFR_REQUIRE_CUDA=ON -DFR_WERROR=OFF -DFR_DNNL_LIBRARY= \
	  -DCMAKE_DISABLE_FIND_PACKAGE_OpenCV=ON -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON \
	  $(if $(a_gpu),-DCMAKE_CUDA_ARCHITECTURES=native) $(CMAKE_FLAGS)
	cmake --build $(BUILD)-gpu -j $(JOBS) --target fr fr-bench bare_tests
	$(if $(a_gpu),FR_REQUIRE_BACKENDS=$(backends)) ctest --test-dir $(BUILD)-gpu --output-on-failure -L bare

# Address and undefined-behaviour sanitizers over the unit tests, but for the test suite `slow`.
asan: setup
	cmake -S . -B $(BUILD)-asan -G Ninja -DFR_SANITIZE=address -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	  -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1 -DNDEBUG" $(CMAKE_FLAGS)
	cmake --build $(BUILD)-asan -j $(JOBS) --target unit_tests
	ctest --test-dir $(BUILD)-asan --output-on-failure -L unit

clang := -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DFR_CUDA=OFF
# A second compiler's errors and warnings: it reads every source and makes nothing, once CMake's own trials are made.
# (`make test` reads each header alone.)
clang: setup setup-clang
	cmake -S . -B $(BUILD)-clang $(clang) $(CMAKE_FLAGS) >/dev/null
	cmake -S . -B $(BUILD)-clang -DCMAKE_CXX_FLAGS=-fsyntax-only
	@cd $(BUILD)-clang && ninja -j $(JOBS) $$(ninja -t targets all | sed -n '/fr_headers/d; s/\.o: CXX_COMPILER.*/.o/p')

# Thread sanitizer over the tests of threaded code (`fr_threads` in tests/CMakeLists.txt), without the libraries that
# they do not use: oneDNN would bring g++'s OpenMP runtime into the process.
tsan: setup setup-clang
	cmake -S . -B $(BUILD)-tsan $(clang) -DFR_SANITIZE=thread -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFR_DNNL_LIBRARY= \
	  -DCMAKE_DISABLE_FIND_PACKAGE_OpenCV=ON -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON $(CMAKE_FLAGS)
	cmake --build $(BUILD)-tsan -j $(JOBS) --target threads_tests
	ctest --test-dir $(BUILD)-tsan --output-on-failure -L threads

# Fuzzes every reader of files for FUZZ_SECONDS each (tests/fuzz), or those that FUZZ names. More than 64 MB at a time is
# a finding in our code, and a failed malloc in libraries. A finding stops it and leaves its input in build-fuzz.
FUZZ_SECONDS ?= 60
FUZZ ?= $(patsubst tests/fuzz/%.cpp,%,$(filter-out %/fuzz.cpp,$(wildcard tests/fuzz/*.cpp)))
fuzz: setup setup-clang
	cmake -S . -B $(BUILD)-fuzz $(clang) -DFR_SANITIZE=fuzz -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DFR_DNNL_LIBRARY= $(CMAKE_FLAGS)
	cmake --build $(BUILD)-fuzz -j $(JOBS) --target $(FUZZ:%=fuzz_%)
	@cd $(BUILD)-fuzz && for target in $(FUZZ); do echo "=== $$target" && \
	  OMP_NUM_THREADS=1 ASAN_OPTIONS=quarantine_size_mb=16:allocator_may_return_null=1:max_allocation_size_mb=64 \
	  bin/fuzz_$$target corpus/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=768 -verbosity=0 \
	    -print_final_stats=1 || exit 1; \
	done

# clang-tidy over the files changed since TIDY_BASE (`auto`: see .ci/tidy); over all files: make tidy TIDY_BASE=
TIDY_BASE ?= auto
tidy: setup setup-clang
	cmake -S . -B $(BUILD)-clang $(clang) $(CMAKE_FLAGS) >/dev/null
	.ci/tidy $(BUILD)-clang "$(TIDY_BASE)"

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
	rm -rf $(BUILD) $(BUILD)-gpu $(BUILD)-asan $(BUILD)-clang $(BUILD)-tsan $(BUILD)-fuzz $(BUILD)-left-out demo
