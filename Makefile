# Everything this project does, one command each, for those who have make. `make` lists them. Each runs a command that
# can be typed without make, too, as on Windows (where .venv/bin/python is .venv\Scripts\python).
PYTHON ?= $(shell command -v python3.13 || command -v python3)
PORT ?= 7071
export PORT

python := .venv/bin/python
# Tests that must not run beside each other (memory, load, timing) share an xdist group.
WORKERS ?= 2
pytest = $(python) -m pytest -n $(WORKERS) --dist loadgroup
compile := .venv/bin/uv pip compile -q --python-version 3.13 --generate-hashes

.DEFAULT_GOAL := help
.PHONY: help setup setup-azurite setup-tests demo serve azurite package search-demo test test-slow test-all test-host bench soak \
	audit screenshots lint format types lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Set up what runs: the environment and VGG16's weights (the other commands do this by themselves)
	@$(PYTHON) -m local.setup

setup-azurite:
	@$(PYTHON) -m local.setup --azurite

setup-tests:
	@$(PYTHON) -m local.setup --tests

demo: setup ## Train on the sample pictures, serve the model, ask it, explain the answer
	$(python) -m local.demo

serve: setup ## Host the Function at http://127.0.0.1:7071/api/extraction (PORT=...)
	$(python) -m local.host

azurite: setup-azurite ## Run Blob Storage on this machine
	$(python) -m local.azurite

package: setup ## Build the zip that Azure runs
	$(python) -m infra.package

search-demo: setup-azurite ## Index the sample pictures on this machine and search them (KEEP=--keep leaves it up)
	$(python) -m local.search_demo $(KEEP)

test: setup-tests ## Run the everyday tests: five minutes on two cores
	$(pytest) -m "not slow"

test-slow: setup-tests ## Run the other tests
	$(pytest) -m slow

test-all: setup-tests ## Run every test, with coverage
	$(pytest) --cov --cov-report=term --cov-fail-under=96

test-host: setup-tests ## Test Core Tools' own host, `func start`, where the local host claims to do the same
	$(python) -m pytest tests/local -m host --func

bench: setup-tests ## Measure what everything costs, against the plain recipe (an hour; BENCH=--quick only proves that it runs)
	$(python) -m benchmarks $(BENCH)

soak: setup-tests ## Try to break everything: a hundred thousand hostile inputs, half an hour of indexers, ten minutes of load (48 minutes)
	$(python) -m pytest tests/soak --long -o faulthandler_timeout=3600

audit: setup-tests ## Look the packages up among the known vulnerabilities (needs pypi.org itself, not a mirror)
	.venv/bin/pip-audit --strict --disable-pip --require-hashes -r requirements/function.txt
	.venv/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

screenshots: setup-tests setup-azurite ## Take the pages' pictures for the README again (needs Chromium)
	$(python) -m local.screenshots

lint: setup-tests ## Check style, and which room imports which
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

format: setup-tests ## Fix style
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

types: setup-tests ## Check types
	.venv/bin/pyright

lock: setup-tests ## Pin what requirements/*.in ask for, for every platform (UPGRADE=-U takes the newest)
	$(compile) $(UPGRADE) --universal requirements/all.in -o requirements.txt
	$(compile) --universal -c requirements.txt requirements/run.in -o requirements/run.txt
	$(compile) --universal -c requirements.txt requirements/uv.in -o requirements/uv.txt
	$(compile) -c requirements.txt requirements/function.in -o requirements/function.txt
	$(compile) -c requirements.txt requirements/tensorflow.in -o requirements/tensorflow.txt
	$(PYTHON) -m local.setup --tests
	$(python) -m infra.licences

clean: ## Remove what the other commands made, but for the weights
	rm -rf .venv node_modules .pytest_cache .ruff_cache .hypothesis .coverage .azurite .cache models/demo dist
