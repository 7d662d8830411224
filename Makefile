# Needs Python 3.11 or newer with venv, git and make; all else is installed into .venv.

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)
VENV := .venv
OTHER := .venv-other
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
LOCK := requirements/all.txt
BENCH := .venv-bench
BENCH_LOCK := requirements/bench.txt
# What a build needs at run time, as names in the lock file.
COMPILER_NEEDS := cffi google-re2 msgspec pycparser pygit2 pyyaml xxhash
SOURCES := compiler edge tests benchmarks docs/examples
WHEEL_DIR := .build/wheel
WHEEL_BIN := .build/venv/bin
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup fresh-venv other servers deploy-tools up test soak fuzz check format wheel wheel-test bench-setup bench lock manifests clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

# Tests build the same flags with this Python and with .venv's: the newest one at hand that is not
# the same, on PATH or where pyenv and uv keep theirs. Where there is none those tests are skipped.
other: setup ## a second Python, if one is at hand, for tests that compare builds
	@cmp -s $(LOCK) $(OTHER)/installed.lock || { \
		here=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		python=$$(for each in python3.14 python3.13 python3.12 python3.11 \
			"$$HOME"/.pyenv/versions/*/bin/python3 "$$HOME"/.local/share/uv/python/*/bin/python3; do \
			"$$each" -c 'import ensurepip, sys, venv; \
				v = sys.version_info; v >= (3, 11) and print("%d.%d" % v[:2], sys.executable)' 2>/dev/null; \
			done | grep -v "^$$here " | sort -V | tail -n 1 | cut -d ' ' -f 2-); \
		test -n "$$python" || { echo "No second Python at hand to compare builds with" >&2; exit 0; }; \
		echo "Making $(OTHER) with $$python, to compare builds (once)" >&2; \
		"$$python" -m venv --clear $(OTHER) \
		&& awk -v needs=" $(COMPILER_NEEDS) " '/^[a-z]/ { name = $$1; sub(/==.*/, "", name); \
			on = index(needs, " " name " ") } on' $(LOCK) > $(OTHER)/needed.txt \
		&& $(OTHER)/bin/python -m pip --disable-pip-version-check --no-input --quiet \
			--timeout 15 --retries 1 install --require-hashes --requirement $(OTHER)/needed.txt \
		&& cp $(LOCK) $(OTHER)/installed.lock \
		|| { rm -rf $(OTHER); echo "$(OTHER) cannot be made; going on without" >&2; }; }

servers: ## Redis, NATS, nginx and an S3-compatible store for tests that need them, into .servers
	tests/install_servers.sh .servers

deploy-tools: setup ## Helm, hadolint and schemas that tests hold deploy/ against, into .servers
	tests/install_deploy_tools.sh .servers $(BIN)/python

up: setup ## build flags-repo, watch it, and serve it on a free loopback port
	@exec $(BIN)/burgee up flags-repo

test: setup other ## the whole suite; PYTEST_ARGS="-k name -n 2" narrows or spreads it
	$(BIN)/python -m pytest $(PYTEST_ARGS)

soak: setup servers ## ten minutes of load while everything breaks; SECONDS=60 narrows it
	@mkdir -p .build
	BURGEE_SOAK_SECONDS=$(or $(SECONDS),600) BURGEE_SOAK_FIGURES=.build/soak.txt \
		$(BIN)/python -m pytest -q tests/e2e/test_soak.py
	@cat .build/soak.txt

fuzz: setup ## make up input for each reader, FUZZ_SECONDS (60) each; TARGETS="snapshot http" narrows it
	@cmp -s requirements/fuzz.txt .fuzz/installed.lock || { \
		$(PIP) install --no-deps --require-hashes --target .fuzz --upgrade --requirement requirements/fuzz.txt \
		&& cp requirements/fuzz.txt .fuzz/installed.lock \
		|| { echo "atheris has no wheel for this Python: fuzz with 3.11" >&2; exit 1; }; }
	@for target in $(or $(TARGETS),snapshot manifest source http); do \
		PYTHONPATH=.fuzz $(BIN)/python tests/fuzz/run.py $$target $(or $(FUZZ_SECONDS),60) || exit 1; done

check: setup other ## lint, format, types, import contracts, schemas, tests
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

bench-setup: setup ## .venv-bench with the peers that `make bench` measures against
	@cmp -s $(BENCH_LOCK) $(BENCH)/installed.lock || { \
		echo "Installing the benchmarks' peers into $(BENCH) (once)" >&2; \
		$(BIN)/python -m venv --clear $(BENCH) \
		&& $(BENCH)/bin/python -m pip --disable-pip-version-check --no-input --quiet \
			install --require-hashes --requirement $(BENCH_LOCK) \
		&& cp $(BENCH_LOCK) $(BENCH)/installed.lock; }
	@{ pwd; cat pyproject.toml; } | cmp -s - $(BENCH)/installed.project || { \
		$(BENCH)/bin/python -m pip --disable-pip-version-check --no-input --quiet \
			install --no-deps --no-build-isolation --editable . \
		&& { pwd; cat pyproject.toml; } > $(BENCH)/installed.project; }

bench: bench-setup ## each claim about speed, measured in one run; ONLY="evaluation loading" narrows it
	$(BENCH)/bin/python -m benchmarks $(ONLY)

UV := uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-emit-index-url --no-emit-find-links --strip-extras --quiet --custom-compile-command "make lock"
RUN_EXTRAS := --extra edge --extra writer --extra compiler --extra verify

lock: ## resolve the dependencies anew (needs uv on PATH)
	echo "atheris>=3.0" | uv pip compile - --python-version 3.11 --upgrade --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make lock" --output-file requirements/fuzz.txt
	$(UV) pyproject.toml --extra dev --output-file $(LOCK)
	$(UV) pyproject.toml --extra bench --output-file $(BENCH_LOCK)
	$(UV) pyproject.toml $(RUN_EXTRAS) --constraint $(LOCK) --output-file requirements/run.txt
	$(UV) requirements/build.in --constraint $(LOCK) --output-file requirements/build.txt
	$(UV) requirements/deploy-tools.in --constraint $(LOCK) --output-file requirements/deploy-tools.txt

manifests: ## deploy/kubernetes, out of the chart (needs helm: make deploy-tools)
	@for part in edge writer publisher network; do \
		{ echo "# Made out of deploy/helm/burgee by \`make manifests\`."; \
		PATH="$$PWD/.servers/bin:$$PATH" helm template burgee deploy/helm/burgee --namespace burgee \
			--kube-version 1.34.0 --show-only templates/$$part.yaml | sed '/^# Source:/d; s/ *$$//'; } \
		> deploy/kubernetes/$$part.yaml; done

clean: ## remove what was built and cached; the .venv folders stay
	rm -rf .build dist .coverage .coverage.* htmlcov .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './$(VENV)*' -prune -exec rm -rf {} +
