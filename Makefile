# Makefile - a thin door to Meson and Ninja.  `make run` and `make test` are all most people need.
BUILD ?= build

.PHONY: build
build: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja: meson.build
	meson setup $(BUILD)
