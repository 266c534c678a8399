# Everything a newcomer needs: `make serve` to use Understudy, `make test` to work on it.

# The first Python from 3.11 on that is found; `make PYTHON=/path/to/python …` names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# What the tests of the real engines run on; `make test TORCH='torch --index-url …'` takes another build.
TORCH ?= torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help serve gpu test lint format bench growth latency memory compare examples image clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

serve: $(VENV)/.serve ## Install what is missing and serve on 127.0.0.1:8080 until Ctrl-C
	@exec $(BIN)/understudy serve $(ARGS)

gpu: $(VENV)/.gpu ## Install torch and diffusers as well and serve with real engines
	@exec $(BIN)/understudy serve --engines diffusers $(ARGS)

test: $(VENV)/.dev ## Install what is missing and run the whole test suite
	@$(BIN)/python tests/run.py $(ARGS)

lint: $(VENV)/.dev ## Check style, types, import rules and YAML
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict spec docker-compose.yml

format: $(VENV)/.dev ## Bring the code into shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(VENV)/.bench ## Measure Understudy and its peers side by side on this machine; needs wrk, and npm for one of them
	@$(BIN)/python -m benchmarks.peers $(ARGS)

growth: $(VENV)/.dev ## Measure how costs grow with accounts, engines, contracts, pictures and pixels; takes ten minutes
	@$(BIN)/python -m benchmarks.growth $(ARGS)

latency: $(VENV)/.dev ## Measure light requests on an idle server and beside 32 clients who have pictures drawn
	@$(BIN)/python -m benchmarks.latency $(ARGS)

memory: $(VENV)/.dev ## Measure how much memory one request takes
	@$(BIN)/python -m benchmarks.memory $(ARGS)

compare: $(VENV)/.gpu ## Measure full-size real engines, filled at random, against the stock pipelines
	$(BIN)/python -m benchmarks.engines $(ARGS)

examples: $(VENV)/.dev ## Run the example clients of every language against a live server
	$(BIN)/python examples/run.py
	cd examples/ci/python && $(abspath $(BIN))/pytest --quiet -n 2
	cd examples/ci/node && PATH="$(abspath $(BIN)):$$PATH" npm test --silent

image: ## Build the container image understudy:latest
	docker build --tag understudy:latest .

clean: ## Remove the environment and all build products
	rm -rf $(VENV) benchmarks/peers/node_modules build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Understudy needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.serve: pyproject.toml | $(BIN)/python
	@echo "Installing Understudy"
	@$(PIP) install --editable '.[vision]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "Installing Understudy and what its tests need"
	@$(PIP) install --editable '.[dev,vision]'
	@{ $(PIP) install $(TORCH) && $(PIP) install --editable '.[dev,gpu,vision]'; } || \
		echo "torch cannot be installed here: the tests of the real engines will not run" >&2
	@touch $@ $(VENV)/.serve

# Flask is installed aside: Connexion imports it where it can, and Understudy would start with it.
$(VENV)/.bench: pyproject.toml benchmarks/peers/package.json | $(BIN)/python
	@echo "Installing Understudy and what its benchmark needs"
	@$(PIP) install --editable '.[bench,vision]'
	@$(PIP) install --upgrade --target $(VENV)/flask 'a2wsgi>=1.10,<2' 'flask[async]>=3.1,<4'
	@npm install --prefix benchmarks/peers --ignore-scripts --no-package-lock --no-audit --no-fund --silent || \
		echo "Prism cannot be installed here and will not be measured: it needs Node.js and npm" >&2
	@touch $@ $(VENV)/.serve

$(VENV)/.gpu: pyproject.toml | $(BIN)/python
	@echo "Installing Understudy with torch and diffusers"
	@$(PIP) install --editable '.[gpu,vision]'
	@touch $@ $(VENV)/.serve
