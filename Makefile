# Everything a newcomer needs is git, make and Python 3.11 or newer. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := $(wildcard engine tests benchmarks)

# Without its byte code each start would compile all modules anew, which takes longer than most commands.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test test-long lint format demo bench bench-large mutants lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv with the locked dependencies and ratebook itself (instant when nothing changed)
	@:

# The lock is installed by hash, then the package in place: what is imported is what stands in engine/.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "ratebook needs Python 3.11 or newer, and '$(PYTHON)' is not: install one and run make PYTHON=/path/to/python3 setup." >&2; \
	  exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Ready. Try: $(BIN)/ratebook --help"

test: lint ## Lint, check types and room contracts, then run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-long: lint ## The same with many more generated cases
	RATEBOOK_HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(STAMP) ## Style, format, types and room contracts only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-cache --no-logo

format: $(STAMP) ## Format the code and repair what ruff can repair
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

demo: $(STAMP) ## Generate a month of usage once, rate the example book over it, and see what a dearer price would do
	@test -e usage || { rm -rf usage.partial; echo "Generating a month of usage ..." \
	  && $(BIN)/python -m benchmarks.generate_usage --month 2026-10 --events 200000 --seed 7 --out usage.partial \
	  && mv usage.partial usage; }
	@rm -rf invoices
	$(BIN)/ratebook rate --period 2026-10 --out invoices || test $$? -eq 1
	@rm -rf .demo && mkdir .demo && cp -r contracts meters plans sinks specs fx.csv .demo
	@sed 's/amount: 0.48}/amount: 0.52}/' specs/rating/rpc-requests.yaml > .demo/specs/rating/rpc-requests.yaml
	$(BIN)/ratebook diff . .demo --period 2026-10
	$(BIN)/ratebook rate --period 2026-10 --contract acme --contract bosphorus-pay || test $$? -eq 1
	$(BIN)/ratebook explain --period 2026-10 --contract acme --line 2

bench: $(STAMP) ## Measure the figures of the README
	$(BIN)/python -m benchmarks.run

bench-large: $(STAMP) ## The same at full size: a month of 100 million events
	$(BIN)/python -m benchmarks.run --large

mutants: $(STAMP) ## Change the arithmetic in small ways and count what the tests notice (SAMPLE=200 SEED=1 for a part)
	$(BIN)/python -m benchmarks.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
	  --processes $(or $(PROCESSES),2)

# From the package index alone, so that no local wheel's hash gets into the lock. One lock serves all Python versions,
# and pip-compile forgets the conditions of indirect dependencies: those that matter are said again on its input.
lock: $(STAMP) ## Pin all dependencies anew in requirements.lock
	echo 'backports.zstd; python_version < "3.14"' | env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL \
	  PIP_CONFIG_FILE=/dev/null $(BIN)/pip-compile --quiet --upgrade --extra dev --strip-extras --allow-unsafe --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml -

clean: ## Remove .venv, caches and generated usage
	rm -rf $(VENV) .demo usage usage.partial build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find engine tests $(wildcard benchmarks) -name __pycache__ -type d -prune -exec rm -rf {} +
