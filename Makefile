# Makefile - a thin door to Meson, Ninja and npm.  `make run` and `make test` are all most people need.
#
#	make run	install what is missing, build, start a center, a node and a real Squid
#	make test	everything: units to browser, sanitizers, short fuzzing
#	make build	leaves build/hinomi
#	make check	the quick part of `make test`
#	make san fuzz bench deb install
BUILD ?= build
PREFIX ?= /usr/local
export BUILD

.PHONY: build run test check san fuzz bench deb install deps web clean
build: $(BUILD)/build.ninja web
	ninja -C $(BUILD) hinomi

$(BUILD)/build.ninja: | deps
	meson setup $(BUILD)

# Debian packages and npm packages; a stamp keeps it from asking again.
deps: $(BUILD)/.deps
$(BUILD)/.deps: tools/install-deps.sh web/package-lock.json
	tools/install-deps.sh
	mkdir -p $(BUILD) && touch $@

web: web/dist/index.html
web/dist/index.html: $(shell find web/src web/*.json web/*.mjs src/server/openapi.yaml 2>/dev/null) | deps
	cd web && npm run --silent build

run: build
	demo/run.py

test: build
	tools/test.py

check: build
	ninja -C $(BUILD)
	meson test -C $(BUILD) --no-suite e2e --no-suite integration --no-suite fuzz

san: build
	tools/test.py san

# `make test` gives each target 5 seconds.
fuzz: export FUZZ_SECONDS ?= 60
fuzz: build
	tools/test.py fuzz

bench: build
	bench/run.sh

deb: build
	packaging/build-deb.sh

install: build
	install -D -m 755 $(BUILD)/hinomi $(DESTDIR)$(PREFIX)/bin/hinomi
	install -D -m 644 packaging/hinomi.bash-completion \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/hinomi
	tools/manpages.py $(BUILD)/hinomi $(DESTDIR)$(PREFIX)/share/man/man1

clean:
	rm -rf $(BUILD) $(BUILD)-san $(BUILD)-fuzz web/dist
