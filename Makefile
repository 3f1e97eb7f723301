# Everything is one command on a machine with Python 3.11, Node 20.19, npm and make:
#
#   make run      the whole stack on http://127.0.0.1:8080   MODEL=openai:gpt-... for another model
#   make stop     end it from another terminal
#   make dlq      look after its dead-letter queue   ARGS="list"
#   make test     set up, then every test
#   make check    what a change must pass besides its tests
#   make faults   break everything for an hour and write docs/faults.md   FAULTS_ARGS="--only kills"
#
# TORCH_INDEX=<url of a package index> takes torch from there, say from one with wheels for CPUs only,
# which are a tenth of the size.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PYTEST_ARGS ?=
BENCH_ARGS ?=
FAULTS_ARGS ?= --report docs/faults.md
ARGS ?= list

export PIP_DISABLE_PIP_VERSION_CHECK := 1
ifdef MODEL
export PROSA_MODELS := $(MODEL)
endif

WEB_SOURCES := $(shell find web/src web/public web/index.html web/*.ts web/*.json -type f 2>/dev/null)

.PHONY: help setup tools run stop dlq test check bench faults pictures fmt train lock costs clean clean-state

help:
	@sed -n 's/^#   //p' Makefile

## Set-up: each step is redone when the file it comes from changes

setup: tools .venv/.installed node_modules/.installed web/node_modules/.installed

tools:
	@$(PYTHON) -m local.tools

.venv/.installed: pyproject.toml requirements.lock | tools
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install --quiet --constraint requirements.lock --index-url $(TORCH_INDEX) torch)
	$(BIN)/pip install --quiet --constraint requirements.lock --editable '.[dev]'
	touch $@

node_modules/.installed: package.json package-lock.json | tools
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | tools
	npm --prefix web ci --no-audit --no-fund --loglevel=error
	touch $@

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.installed
	npm --prefix web run build --silent
	touch $@

## The stack

run: setup web/dist/index.html
	@exec $(BIN)/python -m local

stop:
	@$(BIN)/python -m local stop

dlq:
	@environ=$$($(BIN)/python -m local environ) && env $$environ $(BIN)/prosa dlq $(ARGS)

## Proof

test: setup web/dist/index.html
	npm --prefix web test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/architecture
	npm --prefix web run lint

bench: setup web/dist/index.html
	$(BIN)/python -m bench $(BENCH_ARGS)

faults: setup
	$(BIN)/python -m tests.faults $(FAULTS_ARGS)

pictures: setup web/dist/index.html
	$(BIN)/python -m tests.e2e.pictures

## Upkeep

fmt: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

train: setup
	$(BIN)/python -m training

lock: setup
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--no-annotate --custom-compile-command 'make lock' --quiet --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra lambdas --constraint requirements.lock \
		--universal --python-version 3.11 --no-annotate --custom-compile-command 'make lock' \
		--quiet --output-file lambdas/requirements.txt

costs: setup
	$(BIN)/python -m infra.costs

clean: clean-state
	rm -rf .venv node_modules web/node_modules web/dist .serverless
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results

clean-state:
	rm -rf .local
