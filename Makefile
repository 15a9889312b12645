# `make help` lists the targets. Each sets itself up on first use.
STACK ?= prod
PYTHON ?= python3
PY := .venv/bin/python
export PATH := $(PATH):$(CURDIR)/.venv/pulumi/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup preview rehearse plan check test soak lint render bench drift lock up refresh destroy seal secrets clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/bin/estate .venv/engine ## Create .venv with every pinned dependency and the pinned pulumi

.venv/ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make setup PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

.venv/bin/estate: ops/cli/estate.sh | .venv/ready
	@install -m 755 $< $@

# Tried once for each pin, and by each `make setup`. PULUMI_INSTALL=no skips it.
.venv/engine: .pulumi.version | .venv/ready
	@$(PY) -m ops install-engine
	@touch $@

ifneq ($(filter setup,$(MAKECMDGOALS)),)
.PHONY: .venv/engine
endif

preview: setup ## Preview STACK (prod) with throw-away credentials
	@$(PY) -m ops preview --stack $(STACK)

rehearse: setup ## Rehearse an `up` of STACK in a simulated cloud, or the recovery of SCENARIO
	@$(PY) -m rehearsal $(if $(SCENARIO),recover $(SCENARIO),up --stack $(STACK))

plan: setup ## Show STACK offline, and its differences from rendered/
	@$(PY) -m ops plan --stack $(STACK)
	@$(PY) -m ops plan --stack $(STACK) --diff

# Two suites, a process each: the committed stacks, which takes seconds, and the tools on an example.
PRODUCTION := $(PY) -m pytest -n auto --dist loadfile tests/production
QUICK := -q -m "not engine and not browser and not soak"
TOOLS := $(PY) -m pytest -n auto --dist worksteal
# The tests start Python hundreds of times: whatever the shell says, compiled modules are kept.
check test soak: export PYTHONDONTWRITEBYTECODE :=

check: lint ## Run lint, types, and every test that needs neither engine nor browser
	@$(PRODUCTION) $(QUICK)
	@$(TOOLS) $(QUICK)

test: setup ## Run every test but the soak
	@$(PRODUCTION)
	@$(TOOLS)

soak: setup ## Run the whole matrix, which needs the engine: over an hour
	@$(PRODUCTION) -m "engine or soak"
	@$(TOOLS) -m "engine or soak"

lint: setup ## Check style and types of the code, and the workflows
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/zizmor --offline --quiet --no-progress .github
	@! command -v actionlint >/dev/null || actionlint

render: setup ## Write rendered/, docs/runbook/ and docs/commands.md
	@$(PY) -m ops render

bench: setup ## Measure our own code, and how parallel an `up` is
	@$(PY) benchmarks/preview.py
	@$(PY) benchmarks/parallel.py

drift: setup ## Compare STACK's cloud, state and code
	@$(PY) -m ops drift --stack $(STACK)

up: setup ## Change STACK for real, revert manual changes, seal the secrets
	@$(PY) -m ops up --stack $(STACK)

refresh: setup ## Read STACK's real resources into its state
	@$(PY) -m ops refresh --stack $(STACK)

destroy: setup ## Destroy STACK for real; protected resources stay
	@$(PY) -m ops destroy --stack $(STACK)

seal: setup ## Store the sealed secrets of the last up of STACK
	@$(PY) -m ops seal --stack $(STACK)

secrets: setup ## List the secrets of STACK: which have a value, who to ask for the rest
	@$(PY) -m ops secrets --stack $(STACK)

lock: ## Pin the newest dependencies (needs uv)
	uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --upgrade requirements.in -o requirements.txt
	uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --upgrade requirements-dev.in -o requirements-dev.txt

clean: ## Remove .venv and the throw-away state
	rm -rf .venv .state
