# What people and CI run. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help test unit end-to-end lint build console console-check console-specs setup demo bench clean-servers

# rustup puts cargo here; shells that are no login shells may not know.
# Node is in front where install.sh had to bring its own.
SERVERS := $(or $(REPLICATOR_SERVERS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/mysql_replicator/servers)
export PATH := $(SERVERS)/node/bin:$(PATH):$(HOME)/.cargo/bin

# Tests that run at the same time: each may start several servers, two at a time fit 2 cores and 8 GB.
TEST_THREADS ?= 2
export RUST_TEST_THREADS := $(TEST_THREADS)

# A part of a test's or benchmark's name: only those run.
ONLY ?=

# More of a benchmark's arguments, such as BENCH="--repetitions 5 --scale 5".
BENCH ?=

# Seconds that the demo writes for; without it, until Ctrl-C.
DURATION ?=

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: setup lint console-check build ## Install what is missing and run everything: lints, unit, contract, simulation, end to end, console, tidy
	cargo test --workspace --no-fail-fast -- $(ONLY)
	$(MAKE) console-specs

unit: build ## Everything that needs no server
	cargo test --workspace --lib --bins --test codec --test fuzz --test api --test stories --test cli --test binlog --test examples \
		--test tidy --test simulation -- $(ONLY)

end-to-end: setup build ## The tests against real servers; ONLY=part_of_a_name
	cargo test --workspace --test end_to_end --test servers -- --nocapture $(ONLY)

lint: ## rustfmt and clippy, no warnings allowed; cargo-deny where it is installed
	cargo fmt --all --check
	$(if $(RUSTC_WORKSPACE_WRAPPER),,cargo clippy --workspace --all-targets -- -D warnings)
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --offline check bans licenses sources; \
	else echo "lint: cargo-deny is not installed, so deny.toml is not enforced here (cargo install cargo-deny)" >&2; fi

# Before the tests: they start the programs as real processes, and cargo builds for a test only its own crate.
build: console ## Build all programs and the console
	cargo build --workspace --bins

CONSOLE := web-console
CONSOLE_SOURCES := $(shell find $(CONSOLE)/src $(CONSOLE)/public $(CONSOLE)/scripts -type f 2>/dev/null) \
	$(CONSOLE)/index.html $(CONSOLE)/vite.config.ts $(CONSOLE)/tsconfig.json

console: $(CONSOLE)/dist/index.html ## Build the web console into web-console/dist, which the Server carries

$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json
	tests/setup/install.sh node
	cd $(CONSOLE) && npm ci --no-progress
	touch $@

$(CONSOLE)/dist/index.html: $(CONSOLE)/node_modules/.package-lock.json $(CONSOLE_SOURCES)
	cd $(CONSOLE) && npm run build
	touch $@

console-check: $(CONSOLE)/node_modules/.package-lock.json ## The console's lints, types, texts and tests of decisions
	cd $(CONSOLE) && npm run check && npm test

console-specs: setup build ## The console in Chromium against real servers; ONLY=part_of_a_title
	cd $(CONSOLE) && REPLICATOR_BIN_DIR=$(CURDIR)/target/debug npx playwright test $(if $(ONLY),-g '$(ONLY)')

setup: ## Install the servers and tools that the tests need
	tests/setup/install.sh

demo: console ## A source, a target and the replicator between them; DURATION=60 ends by itself
	tests/setup/install.sh build mysql97 mariadb1011
	cargo build --release -p replicator -p replicator-tests --bin replicator --bin replicator-demo
	target/release/replicator-demo $(if $(DURATION),--duration $(DURATION))

bench: ## Benchmarks, ONLY=name; results in target/bench/<name>.jsonl
	tests/setup/install.sh
	cargo build --workspace --bins --release
	$(if $(ONLY),$(if $(findstring decode,$(ONLY)),tests/bench/peers/build.sh),tests/bench/peers/build.sh)
	target/release/replicator-bench $(BENCH) $(ONLY)

clean-servers: ## Remove the unpacked servers and their templates
	rm -rf "$(SERVERS)"
