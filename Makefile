# Two commands to know: `make run` and `make check test`. pip and npm read the user's own configuration.

PYTHON ?= python3
NPM ?= npm
TEST_OPTIONS ?=
WORKERS ?= 3

VENV := .venv
PY := $(VENV)/bin/python
BIN := $(VENV)/bin
# Below Python 3.13 the runtime library declares itself unfit, though it runs; its pin stays in one place.
RUNTIME := $(shell sed -n 's/^\(azure-functions-runtime==[^ ;]*\).*/\1/p' requirements-dev.txt)
OLD_PYTHON := import sys; sys.exit(sys.version_info >= (3, 13))

.DEFAULT_GOAL := help
.PHONY: help setup run check test long test-deep machine bugs journeys bulk cover docs lock package chromium clean

help: ## List what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

setup: $(VENV)/.installed node_modules/.installed ## Install what is pinned, into .venv and node_modules

run: setup ## Start everything on this machine; RESET=1 begins from nothing, SHIFT=1000 moves every port
	@exec $(PY) -m local.run $(if $(RESET),--reset) $(if $(SHIFT),--shift $(SHIFT))

check: setup ## Format, lint, types, imports, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(PY) -m local.zones --check
	$(PY) -m local.generated --check

# One test at a time to whichever process is free; each starts what tests share (storage, a stack) once.
test: setup chromium ## Every test but the long ones, on WORKERS=3 processes; TEST_OPTIONS goes to pytest
	$(PY) -m pytest -n $(WORKERS) --maxschedchunk 1 -m "not long" $(TEST_OPTIONS)

long: setup chromium ## The long ones: the package, all pages of consent, more kills, the runbook
	$(PY) -m pytest -n $(WORKERS) --maxschedchunk 1 -m long $(TEST_OPTIONS)

test-deep: setup ## Recurrence with 20,000 examples of each property
	HYPOTHESIS_PROFILE=deep $(PY) -m pytest -n $(WORKERS) --timeout 3600 tests/unit/graph/test_recurrence.py \
		$(addprefix tests/unit/calendar/test_,expansion.py rrule.py series.py series_json.py split.py) $(TEST_OPTIONS)

machine: setup ## The two-way sync machine, under generated histories, crashing at every effect
	CRASH_EVERY=1 MACHINE_EXAMPLES=200 $(PY) -m pytest -n $(WORKERS) --maxschedchunk 1 tests/machine $(TEST_OPTIONS)

bugs: setup ## Plant known faults in the sync; fail if the machine misses one
	$(PY) -m tests.machine.bugs

journeys: setup ## The stories, end to end
	$(PY) -m pytest tests/journeys tests/scenarios $(TEST_OPTIONS)

bulk: setup ## Connect 1,000 mailboxes at once, the functions killed three times; BULK_OPTIONS as in bench/bulk.py
	$(PY) -m bench.bulk --kills 3 $(BULK_OPTIONS)

cover: setup ## Branch coverage of the product
	$(PY) -m pytest --cov=shared --cov-branch --cov-report=term-missing:skip-covered $(TEST_OPTIONS)

docs: setup ## Write docs/problems.md and docs/openapi.json again
	$(PY) -m local.generated

lock: ## Export the pins of pyproject.toml into both requirements files
	@command -v uv >/dev/null || { echo "lock needs uv: install it with 'pipx install uv'." >&2; exit 2; }
	uv pip compile --quiet --universal --no-header --no-annotate --python-version 3.11 \
		pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --group dev -o requirements-dev.txt

package: setup ## Build build/calbridge.zip, what is deployed (needs the Python that infra/ runs), and try it
	$(PY) -m deployment $(PACKAGE_OPTIONS)
	CALBRIDGE_PACKAGE=build/calbridge $(PY) -m pytest tests/infra/test_package.py $(TEST_OPTIONS)

clean: ## Remove local state and caches; the installation stays
	rm -rf .local build .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -prune -exec rm -rf {} +

chromium: ## Install the browser of the browser tests, where apt-get may
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q chromium; \
	else echo "The browser tests need Chromium: install the package 'chromium'." >&2; exit 2; fi

$(VENV)/.installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed: run 'make PYTHON=python3.13 $(MAKECMDGOALS)'." >&2; exit 2; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || \
		{ echo "No virtual environment could be made: install the package 'python3-venv'." >&2; exit 2; }
	$(PY) -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@if $(PY) -c '$(OLD_PYTHON)'; then $(PY) -m pip install --quiet --disable-pip-version-check \
		--no-deps --ignore-requires-python --no-compile $(RUNTIME); fi
	@touch $@

node_modules/.installed: package-lock.json
	@command -v node >/dev/null && command -v $(NPM) >/dev/null || \
		{ echo "Node.js is needed for Azurite: install Node.js 20 or newer, with npm." >&2; exit 2; }
	$(NPM) ci --no-audit --no-fund
	@touch $@
