# Everything is one command on a machine with Python 3.11, Node 20.19, npm and make:
#
#   make run      the whole stack on http://127.0.0.1:8080   MODEL=openai:gpt-... for another model
#   make stop     end it from another terminal
#   make dlq      look after its dead-letter queue   ARGS="list"
#   make test     set up, then every test
#   make check    what a change must pass besides its tests
#   make faults   break everything for an hour and write docs/faults.md   FAULTS_ARGS="--only kills"
#   make train    train the model in the box anew: minutes on a GPU, nine hours on two cores
#   make eval     put its exam to it: values and phrasings it never saw
#   make terraform-test   what Terraform would make, judged; needs terraform 1.11 and its AWS provider
#   make deploy-test      a whole stage at an emulator that enforces IAM, made, used and taken away
#
# To a cloud (docs/deploy.md): make secrets, make page, make state-bucket, each with STAGE=dev or prod.
# TF_PLUGIN_DIR=<folder> takes Terraform's providers from there, where there is no registry.
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

# The parts of the set-up do not need each other.
MAKEFLAGS += --jobs=3

export PIP_DISABLE_PIP_VERSION_CHECK := 1
ifdef MODEL
export PROSA_MODELS := $(MODEL)
endif

WEB_SOURCES := $(shell find web/src web/public web/index.html web/*.ts web/*.json -type f 2>/dev/null)

.PHONY: help setup tools run stop dlq test test-page check bench faults image-check image-build pictures fmt chart train eval lock costs clean clean-state
.PHONY: terraform-test deploy-test secrets page state-bucket

help:
	@sed -n 's/^#   //p' Makefile

## Set-up: each step is redone when the file it comes from changes

setup: tools .venv/.installed node_modules/.installed web/node_modules/.installed

tools:
	@$(PYTHON) -m local.tools

.venv/.installed: pyproject.toml requirements.lock | tools
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install --quiet --no-compile --constraint requirements.lock --index-url $(TORCH_INDEX) torch)
	$(BIN)/pip install --quiet --no-compile --constraint requirements.lock --editable '.[dev]'
	@# As pip would, but on all cores. Packages hold files of other Pythons: those do not compile.
	$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
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

# The page's own tests run while Python's packages are still installed. Of the others those in a
# browser begin first, in the order of their names: they take longest. Three processes keep two cores
# busy: one of them most often waits for a lease, a timer or a browser.
test: setup web/dist/index.html test-page
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-page: web/node_modules/.installed
	npm --prefix web test

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest --quiet tests/architecture
	npm --prefix web run lint

# Its many requirements are nobody else's.
.checkov/.installed: Makefile
	$(PYTHON) -m venv .checkov
	.checkov/bin/pip install --quiet 'checkov>=3.2,<4'
	touch $@

terraform-test: setup .checkov/.installed
	CHECKOV=$(CURDIR)/.checkov/bin/checkov $(BIN)/python -m pytest -m terraform tests/infra $(PYTEST_ARGS)

# Worker and gateway run from what their images would hold.
deploy-test: setup
	$(BIN)/python -m infra.images worker-slim gateway
	BUILT_IMAGES=build/images $(BIN)/python -m pytest -m deploy tests/infra $(PYTEST_ARGS)

bench: setup web/dist/index.html
	$(BIN)/python -m bench $(BENCH_ARGS)

# Each image's environment as its Dockerfile installs it, without Docker, and each service started
# from it. Where `make image-build` was run before, a message through the images too.
image-check: setup
	TORCH_INDEX=$(TORCH_INDEX) $(BIN)/python -m pytest -m images -s tests/infra

# The Dockerfiles whole, by buildah, where there is no Docker; as root on Debian.
image-build:
	TORCH_INDEX=$(TORCH_INDEX) infra/images/without-docker.sh $(IMAGES)

faults: setup
	$(BIN)/python -m tests.faults $(FAULTS_ARGS)

pictures: setup web/dist/index.html
	$(BIN)/python -m tests.e2e.pictures

## A stage in the cloud: docs/deploy.md says when

STAGE ?= dev

state-bucket: setup
	$(BIN)/python -m infra.state_bucket --stage $(STAGE)

secrets: setup
	$(BIN)/python -m infra.put_secrets --stage $(STAGE)

page: setup web/dist/index.html
	$(BIN)/python -m infra.put_page --stage $(STAGE)

## Upkeep

fmt: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The Helm chart, from the Kustomize overlay it is; needs kubectl.
chart: setup
	$(BIN)/python -m infra.k8s.chart

train: setup
	$(BIN)/python -m training

eval: setup
	$(BIN)/python -m training.evaluate

COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-annotate \
	--custom-compile-command 'make lock' --quiet
# An image installs with --require-hashes, and never another version than the tests ran with.
COMPILE_IMAGE = $(COMPILE) --constraint requirements.lock --generate-hashes

# What torch brings along for GPUs: the image for CPUs leaves it out, and takes torch itself from an
# index of CPU wheels, whose hashes are not those of PyPI.
CUDA_PARTS = sed -nE 's/^(torch|triton|cuda-[a-z-]+|nvidia-[a-z0-9-]+)==.*/--no-emit-package \1/p'

lock: setup
	$(COMPILE) --all-extras --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --extra lambdas --output-file lambdas/requirements.txt
	$(COMPILE_IMAGE) --extra emulator --output-file local/requirements.txt
	$(COMPILE_IMAGE) --extra gateway --output-file ws_gateway/requirements.txt
	$(COMPILE_IMAGE) --extra worker --output-file worker/requirements.txt
	$(COMPILE_IMAGE) --extra worker --extra local-models --output-file worker/requirements-cuda.txt
	$(COMPILE_IMAGE) --extra worker --extra local-models $$($(CUDA_PARTS) requirements.lock) \
		--output-file worker/requirements-cpu.txt

costs: setup
	$(BIN)/python -m infra.costs

clean: clean-state
	rm -rf .venv .checkov node_modules web/node_modules web/dist .serverless
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results

clean-state:
	rm -rf .local
