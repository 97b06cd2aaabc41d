# make setup    prepare .venv with both backends and the developers' tools
# make demo     tune examples/digits.yaml; BACKEND=jax sets up and uses JAX, without torch
# make test     run the tests
# make clinic   diagnose fifteen faulty trainings on both backends: is the advice still right?
# make check    everything that must hold: formatting, lint, types, import contracts, tests, clinic
# make format   format, and put right what the linter can
# make docs     write docs/rules, docs/symptoms.md and docs/facts.md anew from the rule files
# make screenshots   draw docs/screenshots anew
# make pins     renew constraints.txt with the newest versions that fit pyproject.toml
#
# PYTHON names the Python to use (3.11 or newer). PIP_ARGS goes to pip, for instance an index
# that has other builds of torch or jax.

BACKEND ?= torch
PIP_ARGS ?=
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist loadscope
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break || python=python3; \
  done; echo $$python)

VENV := .venv
BIN := $(VENV)/bin
PINS := pyproject.toml constraints.txt
# The second and third reach the environment in which pip builds this project, old pip and new.
PIP_INSTALL = PIP_DISABLE_PIP_VERSION_CHECK=1 \
  PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
  $(BIN)/python -m pip install --quiet $(PIP_ARGS)

.PHONY: help setup demo test clinic check format docs screenshots pins
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

setup: $(VENV)/.ready

demo: $(VENV)/.ready-$(BACKEND)
	$(BIN)/advisor auto examples/digits.yaml --backend $(BACKEND)

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

clinic: setup
	$(BIN)/python benchmarks/clinic.py --short

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test
	$(MAKE) clinic

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/advisor rules docs docs

screenshots: setup
	$(BIN)/python -m tests.tui.screenshots docs/screenshots

pins:
	$(PYTHON) -m venv --clear build/pins
	build/pins/bin/python -m pip install --quiet $(PIP_ARGS) '.[all,dev]'
	{ head -n 1 constraints.txt; build/pins/bin/python -m pip freeze --exclude tuning-advisor | \
	  awk -F== '{gsub("_", "-", $$1); sub("[+].*", "", $$2); print tolower($$1) "==" $$2}' | \
	  LC_ALL=C sort; } > build/constraints.txt
	mv build/constraints.txt constraints.txt

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "advisor needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
	  echo "name another one: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# What one backend needs to run, and no more.
$(VENV)/.ready-%: $(PINS) | $(BIN)/pip
	$(PIP_INSTALL) --editable '.[$*]'
	@touch $@

$(VENV)/.ready: $(PINS) | $(BIN)/pip
	$(PIP_INSTALL) --editable '.[all,dev]'
	@touch $(VENV)/.ready-torch $(VENV)/.ready-jax $@
