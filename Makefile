PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Whole files go to one of two processes, in the order of tests/conftest.py: fixtures are dear, and made once per file.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo ui test test-full lint verify-snowflake clean

demo: $(STAMP)
	$(BIN)/python -m northstar.simulator demo

# Models, words and lineage, on http://127.0.0.1:8000.  It opens no warehouse, so ticks go on (docs/for-analysts.md).
ui: $(STAMP)
	$(BIN)/sqlmesh --gateway catalog ui

test: $(STAMP) lint
	$(PYTEST) -m "not slow"

test-full: $(STAMP) lint
	$(PYTEST)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# On an account; without one it says what is missing (docs/snowflake.md).
verify-snowflake: $(STAMP)
	$(BIN)/python -m northstar.verify_snowflake

clean:
	[ ! -x $(BIN)/python ] || $(BIN)/python -m northstar.simulator clean
	find var -mindepth 1 ! -name .gitignore -delete
	rm -rf $(VENV) .cache logs *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
