# primum: `make help` lists the targets. Everything is installed inside this folder.

UV := .uv/bin/uv
PYTHON := .venv/bin/python
STAMP := .venv/.installed
OUT ?= out/signs-of-safety

# every core; PRIMUM_WORKERS=1 for one
WORKERS := $(or $(PRIMUM_WORKERS),auto)

.DEFAULT_GOAL := help
.PHONY: help install demo test check static tests validate bench lock clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Build the project's environment in .venv

$(UV):
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): $(UV) requirements.lock pyproject.toml
	$(UV) venv --quiet --clear .venv
	VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --quiet -r requirements.lock
	VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --quiet --no-deps -e .
	@touch $(STAMP)

demo: $(STAMP) ## Run the embedded simulated evaluation and write its report to OUT
	$(PYTHON) -m primum demo --out $(OUT) --force

test: static tests ## Static checks, tests, doctests and notebooks

check: test ## The same as test

static: $(STAMP)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

tests: $(STAMP)
	$(PYTHON) -m pytest -n $(WORKERS)

validate: $(STAMP) ## Long validation: coverage over 20 seeds, and invariance to units (twenty minutes)
	$(PYTHON) benchmarks/coverage/run.py
	$(PYTHON) benchmarks/units/run.py

bench: $(STAMP) ## Compare with two-way fixed effects, and speed with the last committed results
	$(PYTHON) benchmarks/twfe/run.py
	$(PYTHON) benchmarks/speed/run.py --check --only sampling,gradient,refits

lock: $(UV) ## Pin the newest versions in requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.12 --group dev --no-header --no-annotate \
		--upgrade pyproject.toml -o requirements.lock

clean: ## Remove the environment and caches
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache out
