# The project's commands; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help install run test lint ui bench lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

install: $(READY) ## the environment, from the lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Python 3.11 to 3.13 is needed, {sys.executable} is {v[0]}.{v[1]}; name another one: make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV) from requirements.lock (about 1 GB; half a minute, up to three on a slow line) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock \
		|| { echo "uv could not install; trying pip, which takes minutes ..."; \
		     $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: $(READY) ## demo data, pipeline, scorecard
	@$(BIN)/kpi demo
	@$(BIN)/kpi run

test: $(READY) lint ## lint, types, all tests
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(READY) ## ruff, mypy, import arrows, generated files up to date, worked examples
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/ruff check . && \
	$(BIN)/ruff format --check . && \
	$(BIN)/lint-imports && \
	$(BIN)/kpi validate && \
	$(BIN)/kpi compile --check && \
	$(BIN)/kpi docs --spec --check && \
	$(BIN)/kpi test; rest=$$?; \
	wait $$types && exit $$rest

ui: $(READY) ## Dagster's web UI on this project, http://127.0.0.1:3000
	@$(BIN)/kpi ui

bench: $(READY) ## times of each stage, and of hand-written SQL beside it; docs/benchmarks.md
	@$(BIN)/python -m tests.bench; demo=$$?; $(BIN)/python -m tests.bench.judging; judging=$$?; \
		$(BIN)/python -m tests.bench.ten_million && exit $$((demo + judging))

lock: $(READY) ## resolve requirements.lock anew; no package index is named in it
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
		--extra demo --extra dev --output-file requirements.lock pyproject.toml
	@echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --output-file requirements-uv.lock -

clean: ## removes data and results (landing, var, published); the environment stays
	rm -rf landing var published
