PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev

.DEFAULT_GOAL := help
.PHONY: help score quick test lint bench docs notebooks site lock clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

$(RUNTIME): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "riskmodel needs Python 3.11 or later; set PYTHON=")'
	@echo 'The first use builds an environment in .venv: about 1 GB on disk, a few minutes.' >&2
	@test -x $(BIN)/python || { echo '1 of 3: making .venv' >&2; $(PYTHON) -m venv .venv; }
	@echo '2 of 3: installing the libraries of requirements.lock' >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo '3 of 3: installing riskmodel' >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	@echo 'Installing what tests and notebooks need' >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

score: $(RUNTIME) ## Score the published example cases and print the result
	$(BIN)/riskmodel score notebooks/data/published_cases.csv --setting primary_care --table

lint: $(DEV) ## Run the linters and the type checkers, of Python and of JavaScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@test ! -x .ci/javascript/check || .ci/javascript/check

quick: $(DEV) ## Run the linter and every test that is not slow: in about a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n auto --dist worksteal -m 'not slow' tests

test: lint ## Run the linters, the type checker and all tests, a process for each processor
	$(BIN)/python -m pytest -n auto --dist loadfile

bench: $(DEV) ## Measure speed and memory against other programs, into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

docs: $(DEV) ## Renew what the documents show of the program
	$(BIN)/python -m tests.decision.test_added_flags
	$(BIN)/python -m tests.whole.regenerate_docs
	$(BIN)/python -m tests.whole.regenerate_report

notebooks: $(DEV) ## Run the notebooks anew and keep their output
	$(BIN)/python -m tests.whole.notebooks

site: $(DEV) ## Build the documentation as a site into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo 'build/site/index.html; with search: $(BIN)/python -m http.server -d build/site'

lock: ## Resolve the dependencies again (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra bench --extra spark --extra site --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -c requirements.lock -o requirements-dev.lock

clean: ## Remove the environment and everything generated
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .ci/javascript/node_modules
