# `make` alone says what there is. Each of these does its own set-up: a Python >= 3.12 somewhere on the machine, Node 20
# or newer with npm (for what is in JavaScript), and the package registries are all that is needed.

# An empty value is no value to Python: byte code is written, and the next start is faster.
export PYTHONDONTWRITEBYTECODE =

PORT ?= 8080
python := .venv/bin/python
pytest := .venv/bin/pytest
# As many workers as there are cores; tests of one group stay together. A worker that dies ends the run: with others in
# its place, xdist may wait for ever.
parallel := --numprocesses auto --dist loadgroup --max-worker-restart 0
image := llemulator:0.1.0

.DEFAULT_GOAL := help
.PHONY: help run run-smollm test conformance matrix lint fmt docker-build docker-run docker-test bench soak models tables lock setup setup-python setup-clients

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name says; do printf '  make %-12s %s\n' "$$name" "$$says"; done

run: setup-python ## start the proxy with scripts/hello.yaml and print lines to try
	@exec .venv/bin/llemulator --port $(PORT) --script scripts/hello.yaml --examples

run-smollm: setup-python ## the same, with a real model behind the script: SmolLM-135M, fetched once (145 MB)
	@programs=$$($(python) -m conformance.venvs smollm) && exec "$$programs/python" -m llemulator_addon smollm --port $(PORT) --script scripts/hello.yaml --examples

test: setup ## unit tests, the wire over real sockets, and conformance with both official SDKs
	@$(pytest) $(parallel)

conformance: setup ## only the official SDKs, Python and JavaScript, and the Python SDK's own tests, against a running llemulator
	@$(pytest) $(parallel) conformance/python conformance/js conformance/test_sdk_suite.py

# With the slow tests; conformance/images is left out unless it is named.
matrix: setup setup-clients ## the wider suites: all else in conformance/, such as recordings, frameworks, clients, images
	@$(pytest) -m slow tests
	@$(pytest) $(parallel) -m '' conformance/clients
	@$(pytest) -m '' $(addprefix --ignore conformance/,python js clients) conformance $(wildcard conformance/images)

lint: setup-python ## ruff, mypy, import-linter
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

fmt: setup-python ## put the code in its form
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

docker-build: ## the image, with Docker, or without its engine as root on Debian
	@conformance/images/build $(image)

docker-run: docker-build ## the image in the foreground, read-only, playing scripts/hello.yaml
	@PORT=$(PORT) conformance/images/run $(image)

docker-test: setup-python ## the image, the manifests, the chart and the action, each run or validated
	@$(pytest) conformance/images

bench: setup-python ## requests per second, start, memory and pacing beside mitmdump's own (hey is asked for)
	@$(python) -m conformance.bench

soak: setup-python ## a million requests through one process, whose memory must not grow (REQUESTS=30000 for fewer)
	@$(python) -m conformance.soak --requests $(or $(REQUESTS),1000000)

models: setup-python ## the table of models again, from the types of the installed SDK
	@$(python) -m conformance.make_models

tables: setup-python ## the README's table of settings again, from the code
	@$(python) -m tests.project.tables

lock: setup-python ## exact versions again, from pyproject.toml, requirements.in and package.json
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes --extra pytest --group dev \
		--custom-compile-command 'make lock' --output-file .ci/locks/dev.txt pyproject.toml
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes --group installer \
		--custom-compile-command 'make lock' --output-file .ci/locks/uv.txt
	@.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes --constraint .ci/locks/dev.txt \
		--custom-compile-command 'make lock' --output-file .ci/locks/runtime.txt pyproject.toml
	@echo 'hatchling >= 1.27, < 2' | .venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes \
		--constraint .ci/locks/dev.txt --custom-compile-command 'make lock' --output-file .ci/locks/build.txt -
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file .ci/locks/images.txt conformance/images/requirements.in
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file .ci/locks/frameworks.txt conformance/frameworks/requirements.in
	@.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes --constraint .ci/locks/dev.txt \
		--extra smollm --custom-compile-command 'make lock' --output-file .ci/locks/smollm.txt pyproject.toml conformance/smollm/requirements.in
	@.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes --constraint .ci/locks/dev.txt \
		--custom-compile-command 'make lock' --output-file .ci/locks/fuzz.txt pyproject.toml conformance/fuzz/requirements.in
	@echo openai | .venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.13 --generate-hashes --no-annotate --no-header \
		--constraint .ci/locks/dev.txt --output-file docs/examples/chat/requirements.txt -
	@for folder in conformance/js conformance/frameworks/js conformance/clients/js; do \
		(cd $$folder && npm install --package-lock-only --ignore-scripts --no-audit --no-fund) || exit 1; done

setup:
	@.ci/install

setup-python:
	@.ci/install python

setup-clients:
	@.ci/install clients
