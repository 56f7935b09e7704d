# What there is to do in this checkout; `make` alone lists it. Needs Python 3.11 or 3.12, and nothing else.

VENV := .venv
BIN := $(VENV)/bin
PYTHON_READY := $(VENV)/.ready
AZURITE_READY := local/azurite/node_modules/.ready
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
SPEED ?= 60
RUN_ARGS = --speed $(SPEED) $(if $(filter-out 0 no false,$(ONCE)),--once)

.PHONY: help setup run reset test genuine check fix lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@echo 'make TARGET [NAME=VALUE...]'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(PYTHON_READY) $(AZURITE_READY)  ## install all that is needed into this checkout [PYTHON=python3.12]
	@echo 'Ready. Next: make run'

run: $(PYTHON_READY) $(AZURITE_READY)  ## run the service on this machine and import an image [SPEED=60] [ONCE=1]
	@$(BIN)/python -m local.run $(RUN_ARGS)

reset: $(PYTHON_READY)  ## remove the state and logs that run has kept, and nothing else
	@$(BIN)/python -m local.run.reset

# More than there are processors: many tests mostly wait.
TESTS_AT_ONCE ?= $(shell echo $$(( ($$(nproc 2>/dev/null || echo 2) * 3 + 1) / 2 )))

test: $(PYTHON_READY) $(AZURITE_READY)  ## run the tests [PYTEST_ARGS='tests/unit -x']
	@$(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist worksteal $(PYTEST_ARGS)

# More than above: whoever waits for a dead host's messages does so for a minute.
GENUINE_AT_ONCE ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) * 2 )))
GENUINE_SUITES := tests/conformance tests/e2e tests/genuine

genuine: $(PYTHON_READY) $(AZURITE_READY)  ## run the suites on Microsoft's durable engine [GENUINE_HOST=program] [BRIEF=1]
	@$(BIN)/python -m local.genuine.program
	@FUNCTIONS_HOST=local.genuine $(BIN)/python -m pytest -n $(GENUINE_AT_ONCE) --dist worksteal $(GENUINE_SUITES) \
		$(if $(filter-out 0 no false,$(BRIEF)),-m brief) $(PYTEST_ARGS)

check: $(PYTHON_READY)  ## lint, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .

fix: $(PYTHON_READY)  ## mend what check can mend by itself: formatting, imports, simple lint
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: $(PYTHON_READY)  ## pin anew what pyproject.toml asks for
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		--extra local -c requirements.txt pyproject.toml -o requirements-local.txt

clean:  ## remove all that setup, run and the tests have made
	@rm -rf $(VENV) .tools .local local/azurite/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment that works is kept, and only brought up to date.
$(PYTHON_READY): requirements-local.txt
	@$(BIN)/python -c '$(SUITABLE)' 2>/dev/null || { \
		for candidate in $(or $(PYTHON),python3 python3.12 python3.11 python); do \
			"$$candidate" -c '$(SUITABLE)' 2>/dev/null && found="$$candidate" && break; \
		done; \
		test -n "$$found" || { \
			echo 'No Python 3.11 or 3.12 here$(if $(PYTHON), by the name $(PYTHON)).' \
				'Install one, or say where it is: make setup PYTHON=/path/to/python3.12' >&2; exit 1; }; \
		"$$found" -m venv --clear $(VENV) || { \
			rm -rf $(VENV); \
			echo "$$found cannot make virtual environments (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	}
	@echo 'Installing Python packages into $(VENV)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-local.txt
	@touch $@

# Node.js may come from a wheel in the virtual environment, hence the order.
$(AZURITE_READY): local/azurite/package-lock.json $(PYTHON_READY)
	@echo 'Installing Azurite, the storage emulator'
	@$(BIN)/python -m local.azurite.install
	@touch $@
