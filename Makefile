# Everything this project does, one command each. `make` lists them.
PYTHON ?= $(shell command -v python3.13 || command -v python3)
PORT ?= 7071
UV_VERSION := 0.13.9
export PORT

bin := .venv/bin
installed := .venv/.installed
graph := models/embedders/.ready
azurite := node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help setup demo serve azurite package search-demo test test-fast bench soak audit lint format types lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(installed) $(graph) ## Set up: the environment and VGG16's weights (the other commands do this by themselves)

demo: setup ## Train on the sample pictures, serve the model, ask it, explain the answer
	$(bin)/python -m local.demo

serve: setup ## Host the Function at http://127.0.0.1:7071/api/extraction (PORT=...)
	$(bin)/python -m local.host

azurite: $(installed) $(azurite) ## Run Blob Storage on this machine
	$(bin)/python -m local.azurite

package: $(installed) ## Build the zip that Azure runs
	$(bin)/python -m infra.package

search-demo: setup $(azurite) ## Index the sample pictures on this machine and search them (KEEP=--keep leaves it up)
	$(bin)/python -m local.search_demo $(KEEP)

test: setup $(azurite) browser emulator ## Run every test, with coverage
	$(bin)/python -m pytest --cov --cov-report=term

test-fast: setup $(azurite) ## Run the tests that take seconds
	$(bin)/python -m pytest -m "not slow"

bench: setup ## Measure what everything costs, against the plain recipe (an hour; BENCH=--quick only proves that it runs)
	$(bin)/python -m benchmarks $(BENCH)

soak: setup ## Try to break everything: a hundred thousand hostile inputs, ten minutes of load (half an hour)
	$(bin)/python -m pytest tests/soak --long

audit: $(installed) ## Look the packages up among the known vulnerabilities (needs pypi.org itself, not a mirror)
	$(bin)/pip-audit --strict --disable-pip --require-hashes -r requirements/function.txt
	$(bin)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

lint: $(installed) ## Check style
	$(bin)/ruff check .
	$(bin)/ruff format --check .

format: $(installed) ## Mend style
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

types: $(installed) ## Check types
	$(bin)/pyright

lock: $(installed) ## Pin what requirements/*.in ask for
	$(bin)/uv pip compile -q -U --python-version 3.13 --generate-hashes requirements/all.in -o requirements.txt
	$(bin)/uv pip compile -q --python-version 3.13 --generate-hashes -c requirements.txt requirements/function.in -o requirements/function.txt
	$(bin)/uv pip compile -q --python-version 3.13 --generate-hashes -c requirements.txt requirements/tensorflow.in -o requirements/tensorflow.txt
	$(bin)/uv pip install --quiet --python $(bin)/python --require-hashes -r requirements.txt
	$(bin)/python -m infra.licences

clean: ## Remove what the other commands made, but for the weights
	rm -rf .venv node_modules .pytest_cache .ruff_cache .hypothesis .coverage .azurite .cache models/demo dist

$(installed): requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) and "Python 3.13 is needed; this is " + sys.version)'
	$(PYTHON) -m venv .venv
	$(bin)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(bin)/uv pip install --quiet --python $(bin)/python --require-hashes -r requirements.txt
	touch $@

$(graph): training/network/weights.py | $(installed)
	$(bin)/python -m training weights
	touch $@

$(azurite): package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

# Some tests need a Debian package. Where it can't be installed they say so and are left out.
.PHONY: browser emulator
browser:
	@$(call debian,chromium,chromium,browser tests)

emulator:
	@$(call debian,qemu-x86_64,qemu-user,the test of int8 on an older processor)

# A command, the package that has it, and the tests that need it.
debian = command -v $(1) >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) >/dev/null; } \
	|| echo "$(2) is not here and could not be installed: $(3) will not run"
