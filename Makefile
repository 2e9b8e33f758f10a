# Everything sets itself up: a virtual environment, npm's packages, the map and the location table are built when
# they are missing or older than what they are made from. Needs Python 3.11+, Node 20.19+ and make.

ARGS ?= demo
PYTEST_ARGS ?=
BENCH_ARGS ?=
PYTHONS ?= python3.13 python3.12 python3.11 python3.14 python3

VENV := .venv
BIN := $(VENV)/bin
DONE := .make
MAP := src/dynmap/static/index.html
MAP_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f ! -name '*.md' ! -name '*.test.ts' -print)
TABLE := $(DONE)/table
TABLE_SOURCES := $(filter-out %/__init__.py %/addresses.py %/commands.py %/kernels.py %/table.py, \
	$(wildcard src/dynmap/geo/*.py src/dynmap/geo/*.txt)) $(if $(wildcard src/dynmap/geo/data/location-*.zip),,missing)
SHOW = @printf '\033[1m%s\033[0m\n' "==> $(1)"

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format types bench wheel web table clean missing
.DELETE_ON_ERROR:

help: ## list these commands
	@awk -F ': .*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  make run ARGS="serve --tail /var/log/nginx/access.log"\n  make test PYTEST_ARGS="tests/geo -k anycast"\n'

setup: $(DONE)/python $(MAP) $(TABLE) ## build all that the other commands need

run: setup ## the live map of a synthetic world, or: make run ARGS="serve ..."
	@exec $(BIN)/dynmap $(ARGS)

test: setup ## all tests, those of the map and those of the server
	@sh tests/system-packages.sh
	$(call SHOW,tests of the map)
	@cd web && npm test --silent
	$(call SHOW,tests of the server)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DONE)/python web/node_modules/.package-lock.json ## ruff, mypy --strict, biome, tsc
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd web && npm run lint

format: $(DONE)/python web/node_modules/.package-lock.json ## put Python and TypeScript into the one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	cd web && npm exec -- biome check --write .

types: $(DONE)/python web/node_modules/.package-lock.json ## the page's types, from the classes that the server sends
	@$(BIN)/python -m dynmap.serve.schema web/schema
	@cd web && npm run --silent types

bench: setup $(DONE)/bench ## ours beside plain Python, a newline count, a bare C server and others, in ratios
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

wheel: setup ## dist/*.tar.gz and dist/*.whl, which need no Node to install
	@rm -rf dist
	$(BIN)/python -m build --no-isolation

web: $(MAP) ## the map, into src/dynmap/static

table: $(TABLE) ## the location table, into src/dynmap/geo/data

missing:

clean: ## forget all that was built and installed here
	rm -rf $(DONE) $(VENV) dist web/node_modules location/node_modules benchmarks/fanout/peers/node_modules \
		benchmarks/map/page/node_modules \
		src/dynmap/static src/dynmap/geo/data .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	$(call SHOW,virtual environment in $(VENV))
	@for python in $(PYTHONS); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "DynMap needs Python 3.11 or newer; looked for: $(PYTHONS). Another one: make PYTHONS=/path/to/python" >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$found has no venv module; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	"$$found" -m venv $(VENV) && "$$found" --version

$(DONE)/python: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt hatch_build.py
	$(call SHOW,Python packages)
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt --upgrade pip
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt --editable . --group dev
	@mkdir -p $(DONE) && touch $@

$(DONE)/bench: $(DONE)/python
	$(call SHOW,Python packages of the benchmarks)
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt --group bench
	@touch $@

$(DONE)/node:
	@node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' \
		2>/dev/null && npm --version >/dev/null 2>&1 || \
		{ echo "DynMap's map is built with Node 20.19 or newer and its npm; found: $$(node --version 2>/dev/null || echo none)" >&2; exit 1; }
	@mkdir -p $(DONE) && touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json | $(DONE)/node
	$(call SHOW,npm packages of $*/)
	@cd $* && npm ci --no-audit --no-fund
	@touch $@

$(MAP): web/node_modules/.package-lock.json $(MAP_SOURCES)
	$(call SHOW,the map)
	@cd web && npm run --silent build
	@touch $@

$(TABLE): location/node_modules/.package-lock.json $(TABLE_SOURCES) | $(DONE)/python
	$(call SHOW,the location table)
	@$(BIN)/python -m dynmap.geo.build
	@touch $@
