PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev

.DEFAULT_GOAL := help
.PHONY: help score test lint bench docs notebooks lock clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

$(RUNTIME): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "riskmodel needs Python 3.11 or later; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

score: $(RUNTIME) ## Score the published example cases and print the result
	$(BIN)/riskmodel score notebooks/data/published_cases.csv --setting primary_care --table

test: $(DEV) ## Run the linters, the type checker and the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: $(DEV) ## Measure speed and memory against other programs, into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

docs: $(DEV) ## Renew what the documents show of the program
	$(BIN)/python -m tests.regenerate_docs
	$(BIN)/python -m tests.regenerate_report

notebooks: $(DEV) ## Run the notebooks anew and keep their output
	$(BIN)/python -m tests.notebooks

lock: ## Resolve the dependencies again (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra bench --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -c requirements.lock -o requirements-dev.lock

clean: ## Remove the environment and everything generated
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache
