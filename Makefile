# The project's commands. `make help` lists them; everything they install beyond apt packages lies in .venv and $(CACHE).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where everything lies that is made outside the checkout: builds, other versions of Spark, generated data.
CACHE ?= $(HOME)/.cache/firesteel
export FIRESTEEL_CACHE := $(CACHE)
export CARGO_TARGET_DIR ?= $(CACHE)/build

PYTHON ?= python3
CLIENT := .venv/bin/python
CLIENT_35 := $(CACHE)/pyspark35/bin/python
CLIENT_40 := $(CACHE)/pyspark40/bin/python
CLIENT_41 := $(CACHE)/pyspark41/bin/python
CLIENT_STAMPS := $(foreach version,35 40 41,$(CACHE)/pyspark$(version)/.stamp)
OTHER_CLIENTS := $(CACHE)/other-clients
ORACLE := $(CACHE)/oracle/bin/python
DEBUG := $(CARGO_TARGET_DIR)/debug
RELEASE := $(CARGO_TARGET_DIR)/release

# Scale factor of `make bench`.
SF ?= 1
# `make run ONCE=1` stops after the example.
ONCE ?=
# `make record PATH_TO=tests/sql/query`: what is recorded again from Apache Spark.
PATH_TO ?= tests/sql

.PHONY: help
help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

# --- set-up -----------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: system .venv/.stamp ## Install what building and running need

.PHONY: system
system:
	@scripts/install-system.sh

.PHONY: nextest
nextest:
	@command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest

# A virtual environment is made anew when its list of packages changes.
.venv/.stamp: scripts/requirements/client.txt | system
	scripts/make-venv.sh $(PYTHON) .venv $<
	touch $@

$(CACHE)/pyspark35/.stamp: scripts/requirements/client-3.5.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(CACHE)/pyspark40/.stamp: scripts/requirements/client-4.0.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(CACHE)/pyspark41/.stamp: scripts/requirements/client-4.1.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(OTHER_CLIENTS)/.stamp: scripts/requirements/other-clients.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(CACHE)/oracle/.stamp: scripts/requirements/oracle.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(CACHE)/tpcds-generator/.stamp: scripts/requirements/tpcds.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(CACHE)/bench-sail/.stamp: scripts/requirements/bench-sail.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

$(CACHE)/bench-datafusion/.stamp: scripts/requirements/bench-datafusion.txt | system
	scripts/make-venv.sh $(PYTHON) $(@D) $<
	touch $@

.PHONY: java
java:
	@scripts/install-system.sh java

# --- use --------------------------------------------------------------------------------------------------------------

.PHONY: run
run: setup ## Build, start the server, run the example through PySpark, go on serving (ONCE=1: stop after it)
	cargo build --release --package firesteel-cli
	$(CLIENT) scripts/run.py --binary $(RELEASE)/firesteel $(if $(ONCE),--once)

# --- tests ------------------------------------------------------------------------------------------------------------

.PHONY: test
test: format clippy test-rust tidy test-clients conformance-check ## Run every test that a change must pass

.PHONY: format
format:
	cargo fmt --all --check

.PHONY: clippy
clippy: setup
	cargo clippy --workspace --all-targets --quiet -- -D warnings

# One build for everything: crates' tests, the .slt corpus, and the binaries that the Python tests start.
.PHONY: build
build: setup
	cargo build --workspace --all-targets

.PHONY: test-rust
test-rust: build nextest ## Run the crates' tests and the recorded SQL in all modes
	cargo nextest run --workspace

.PHONY: tidy
tidy: build ## Check layering, lengths, module documentation and links
	$(DEBUG)/xtask tidy

.PHONY: test-clients
test-clients: build java $(CLIENT_STAMPS) $(OTHER_CLIENTS)/.stamp $(CACHE)/oracle/.stamp $(CACHE)/tpcds-generator/.stamp ## Run TPC-H, TPC-DS and the recorded cases through unmodified PySpark 4.2 and 3.5, the cases through 4.1 and 4.0, and programs of other clients
	FIRESTEEL_SPARK=$(CACHE)/oracle FIRESTEEL_OTHER_CLIENTS=$(OTHER_CLIENTS) FIRESTEEL_BINARY=$(DEBUG)/firesteel $(CLIENT) -m pytest tests/clients -q
	FIRESTEEL_BINARY=$(DEBUG)/firesteel $(CLIENT_35) -m pytest tests/clients -q
	FIRESTEEL_BINARY=$(DEBUG)/firesteel $(CLIENT_40) -m pytest tests/clients/test_cases.py -q
	FIRESTEEL_BINARY=$(DEBUG)/firesteel $(CLIENT_41) -m pytest tests/clients/test_cases.py -q

.PHONY: stress
stress: build nextest ## Run the tests of load, faults, depth and malformed requests in their large form
	FIRESTEEL_FUZZ_SECONDS=100 cargo nextest run --workspace -E 'test(changed_statements)'
	FIRESTEEL_STRESS=1 FIRESTEEL_BINARY=$(DEBUG)/firesteel $(CLIENT) -m pytest -q -rP \
		tests/clients/test_{faults,load,depth,interrupt,large,fuzz}.py

# Minutes of `make differential` and of each target of `make fuzz`.
MINUTES ?= 30
.PHONY: fuzz
fuzz: build .venv/.stamp ## Search for text and requests that break parsers and decoding (MINUTES=30)
	rustup toolchain install nightly --profile minimal --no-self-update
	@command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	cp Cargo.lock fuzz/ # The versions that the server is built with.
	fuzz/seed.py
	FIRESTEEL_FUZZ_CORPUS=fuzz/corpus/request FIRESTEEL_BINARY=$(DEBUG)/firesteel $(CLIENT) -m pytest -q \
		tests/clients/test_fuzz.py -k changed_bytes
	for target in text request; do \
		cargo +nightly fuzz run --features server --target-dir $(CACHE)/fuzz --sanitizer none $$target -- \
			-max_total_time=$$(( $(MINUTES) * 60 )) -max_len=4000 -timeout=10 -rss_limit_mb=4096; \
	done

.PHONY: differential
differential: build java $(CACHE)/oracle/.stamp ## Compare random queries with Apache Spark (MINUTES=30)
	$(CLIENT) tests/differential/run.py --firesteel $(DEBUG)/firesteel --spark $(ORACLE) --minutes $(MINUTES) \
		--output $(CACHE)/differential.jsonl

.PHONY: conformance
conformance: build ## Print the pass rates of Spark's golden SQL cases and of PySpark's docstring examples
	$(DEBUG)/conformance golden
	$(CLIENT) tests/conformance/doctests.py --binary $(DEBUG)/firesteel

.PHONY: conformance-check
conformance-check: build
	$(DEBUG)/conformance golden --check
	$(CLIENT) tests/conformance/doctests.py --binary $(DEBUG)/firesteel --check

.PHONY: conformance-update
conformance-update: build ## Take newly passing cases off the lists of known failures
	$(DEBUG)/conformance golden --update
	$(DEBUG)/conformance sql --update
	$(CLIENT) tests/conformance/doctests.py --binary $(DEBUG)/firesteel --update

.PHONY: record
record: java $(CACHE)/oracle/.stamp .venv/.stamp ## Record PATH_TO (.slt files) again from Apache Spark
	cargo xtask record $(PATH_TO)

.PHONY: record-clients
record-clients: java $(CACHE)/oracle/.stamp .venv/.stamp $(CLIENT_STAMPS) $(OTHER_CLIENTS)/.stamp ## Record the clients' tests and TPC-H answers again from Apache Spark
	$(CLIENT) scripts/record_clients.py --oracle $(ORACLE) --client $(CLIENT) --older $(CLIENT_35) $(CLIENT_40) $(CLIENT_41) \
		--others $(OTHER_CLIENTS)

# --- measuring --------------------------------------------------------------------------------------------------------

.PHONY: bench
bench: setup java $(CACHE)/oracle/.stamp $(CACHE)/bench-sail/.stamp $(CACHE)/bench-datafusion/.stamp ## Compare with Sail, Spark and DataFusion on TPC-H (SF=1) and interactive latencies
	cargo build --release --package firesteel-cli
	$(CLIENT) bench/run.py --scale $(SF) --firesteel $(RELEASE)/firesteel --sail $(CACHE)/bench-sail \
		--datafusion $(CACHE)/bench-datafusion --spark $(CACHE)/oracle --output $(CACHE)/bench

.PHONY: bench-tpcds
bench-tpcds: setup java $(CACHE)/oracle/.stamp $(CACHE)/bench-sail/.stamp $(CACHE)/tpcds-generator/.stamp ## Compare with Sail and Spark on TPC-DS (SF=1)
	cargo build --release --package firesteel-cli
	$(CLIENT) bench/run.py --workload tpcds --scale $(SF) --hot-runs 1 --skip-interactive --firesteel $(RELEASE)/firesteel \
		--sail $(CACHE)/bench-sail --spark $(CACHE)/oracle --output $(CACHE)/bench
