# Needs Python 3.11 or newer, git and make. Everything else is fetched into .venv and node_modules.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench setup messages lock stop clean
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# The first Python that is new enough and really runs: a version manager's stub may not.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PY := .venv/bin/python
MANAGE := $(PY) manage.py
STAMPS := .stamps
# Without npm on the path, Node comes from PyPI.
NPM := $(shell command -v npm)
NODE_NEEDS := $(if $(NPM),,$(STAMPS)/node)
ON_DATABASE := $(PY) -m qualification.conf.embedded
PO := $(wildcard locale/*/LC_MESSAGES/*.po locale/parts/*.po)

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## Serve the demo at http://127.0.0.1:8000; Ctrl-C stops everything
	@exec $(MANAGE) up

setup: ## Fetch the packages, make the translations
	@$(MAKE) --no-print-directory -j2 $(STAMPS)/runtime $(STAMPS)/npm
	@$(MAKE) --no-print-directory $(STAMPS)/messages

test: setup $(STAMPS)/dev ## Run all tests, on DATABASE_URL or the embedded PostgreSQL; ARGS goes to pytest
	@DATABASE_STATEMENT_TIMEOUT=300 $(ON_DATABASE) .venv/bin/pytest -n 2 $(ARGS)

lint: setup $(STAMPS)/dev ## Check style, types, translations and migrations
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	$(MANAGE) check --fail-level WARNING
	$(MANAGE) messages check
	$(ON_DATABASE) $(MANAGE) makemigrations --check --dry-run

# `make bench` runs every bench, `make bench clocks` or `make bench documents` those of one name.
BENCHES := $(if $(filter bench,$(firstword $(MAKECMDGOALS))),$(filter-out bench,$(MAKECMDGOALS)))
bench: setup $(STAMPS)/dev ## Measure; `make bench NAME` runs one of tests/bench
	@$(ON_DATABASE) $(PY) .ci/bench.py $(BENCHES)

ifneq ($(BENCHES),)
.PHONY: $(BENCHES)
$(BENCHES):
	@:
endif

messages: setup $(STAMPS)/dev ## Take new texts into locale/ and compile them
	$(MANAGE) messages merge
	$(MANAGE) messages compile

lock: ## Write the versions installed in .venv into requirements*.txt
	$(PY) .ci/lock.py

stop: ## Stop the embedded PostgreSQL if nobody uses it
	$(PY) -c "from qualification.conf import embedded; embedded.stop_if_idle(embedded.env.var_dir) or exit('It is in use.')"

clean: ## Remove what was fetched or made; var/ with the data stays
	rm -rf .venv node_modules $(STAMPS) .mypy_cache .ruff_cache .pytest_cache .hypothesis var/static
	find locale -name '*.mo' -delete

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: python3-venv)." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@touch $@

$(STAMPS)/runtime: requirements.txt | $(STAMPS)/venv
	@echo "Installing the Python packages ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r requirements.txt
	@touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/runtime
	@echo "Installing the tools of development ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r requirements-dev.txt
	@touch $@

# After `runtime`, because two pips must not write into one environment at once.
$(STAMPS)/node: requirements-node.txt $(STAMPS)/runtime
	@echo "Installing Node from PyPI ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r requirements-node.txt
	@touch $@

$(STAMPS)/npm: package.json package-lock.json .npmrc $(NODE_NEEDS)
	@echo "Installing the front-end packages ..."
	@mkdir -p $(STAMPS)
	@if [ -n "$(NPM)" ]; then npm ci --silent --ignore-scripts; else $(PY) .ci/npm.py ci --silent --ignore-scripts; fi
	@touch $@

$(STAMPS)/messages: $(PO) $(STAMPS)/runtime $(STAMPS)/npm
	@$(MANAGE) messages compile
	@touch $@
