# Needs Python 3.11 or newer with venv, git and make; all else is installed into .venv.

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
LOCK := requirements/all.txt
SOURCES := compiler edge tests benchmarks
WHEEL_DIR := .build/wheel
WHEEL_BIN := .build/venv/bin
PYTEST_ARGS ?= -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup fresh-venv up test check format wheel wheel-test bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv with what the lock file pins, and this project, editable
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| $(MAKE) --no-print-directory fresh-venv
	@cmp -s $(LOCK) $(VENV)/installed.lock || { \
		echo "Installing the locked dependencies into $(VENV) (once)" >&2; \
		$(PIP) install --require-hashes --requirement $(LOCK) && cp $(LOCK) $(VENV)/installed.lock; }
	@# The folder is part of the stamp, since an editable install names it.
	@{ pwd; cat pyproject.toml; } | cmp -s - $(VENV)/installed.project || { \
		$(PIP) install --no-deps --no-build-isolation --editable . \
		&& { pwd; cat pyproject.toml; } > $(VENV)/installed.project; }

fresh-venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed, and none was found." \
		"Install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)" >&2
	@"$(PYTHON)" -m venv --clear $(VENV)

up: setup ## build flags-repo, watch it, and serve it on a free loopback port
	@exec $(BIN)/burgee up flags-repo

test: setup ## the whole suite; PYTEST_ARGS="-k name -n 2" narrows or spreads it
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup ## lint, format, types, import contracts, schemas, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy --strict $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/burgee schema --check
	$(BIN)/python -m pytest $(PYTEST_ARGS)

format: setup ## write the code as `make check` wants it
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

wheel: setup ## build the wheel and look into it
	rm -rf $(WHEEL_DIR)
	$(BIN)/python -m build --wheel --no-isolation --outdir $(WHEEL_DIR) .
	$(BIN)/check-wheel-contents $(WHEEL_DIR)

wheel-test: wheel ## run the tests against the built wheel instead of the tree
	rm -rf .build/venv
	$(BIN)/python -m venv .build/venv
	$(WHEEL_BIN)/pip --disable-pip-version-check --quiet install --require-hashes --requirement $(LOCK)
	$(WHEEL_BIN)/pip --disable-pip-version-check --quiet install --no-deps $(WHEEL_DIR)/*.whl
	$(WHEEL_BIN)/pytest --override-ini pythonpath=tests $(PYTEST_ARGS)

bench: setup ## each claim about speed, as a ratio measured in one run
	@set -e; for file in $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py)); do \
		echo "== $$file"; $(BIN)/python -m benchmarks.$$(basename $$file .py); done

lock: ## resolve the dependencies anew (needs uv on PATH)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --quiet \
		--custom-compile-command "make lock" --output-file $(LOCK)

clean: ## remove what was built and cached; .venv stays
	rm -rf .build dist .coverage .coverage.* htmlcov .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
