# Every target sets up what it needs in .venv: a fresh clone needs python 3.11 or newer with venv, and make.
#   make run                      make test SLOW=1                 make check PYTHON=/path/to/python3.12

# The first python on the path that is new enough; empty if there is none.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BIN = .venv/bin
PEERS = .venv-peers/bin
PIP = -m pip --disable-pip-version-check install -q -c constraints.txt
JOBS ?= 2
SELECT = $(if $(SLOW),-m 'not peers')

define NEW_ENOUGH
if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo "Python 3.11 or newer is needed; found: $$("$(or $(PYTHON),python3)" --version 2>&1)." >&2; \
	echo "Install one, or say where it is: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi; \
if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
	echo "$(PYTHON) lacks the module venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; fi
endef

# Arrays here are small: one thread a process is faster than several, and results do not depend on how many there are.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1

.DEFAULT_GOAL := help
.PHONY: help run test check bench crosscheck docs clean

help: ## say what the targets are
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/.ready ## play the default talks; results and figures go to a new folder below outputs/
	$(BIN)/bargain run

test: .venv/.ready ## run the tests (SLOW=1: also those that take minutes)
	$(BIN)/pytest -n $(JOBS) $(SELECT)

check: .venv/.ready ## style, formatting, and the default configuration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bargain check > /dev/null

bench: .venv/.ready ## time the benchmarks; each closes with lines BENCH name figure bar
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

crosscheck: .venv-peers/.ready ## compare with other people's software, in .venv-peers
	$(PEERS)/pytest -m peers

docs: .venv/.ready ## remake the tables and figures of the pages that come from the code and the default run
	$(BIN)/python -m experiments.describe_columns
	$(BIN)/python -m experiments.json_schema
	$(BIN)/python -m experiments.odd
	$(BIN)/python -m experiments.lesson
	$(BIN)/python -m experiments.readme > /dev/null
	$(BIN)/python -m experiments.gallery > /dev/null

clean: ## remove the environments and everything that can be made again; outputs/ stays
	rm -rf .venv .venv-peers .pytest_cache .ruff_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: pyproject.toml constraints.txt
	@$(NEW_ENOUGH)
	@echo "setting up .venv"
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python $(PIP) -e '.[dev]'
	@touch $@

.venv-peers/.ready: pyproject.toml constraints.txt constraints-peers.txt
	@$(NEW_ENOUGH)
	@echo "setting up .venv-peers"
	@"$(PYTHON)" -m venv .venv-peers
	@$(PEERS)/python $(PIP) -r constraints-peers.txt -e '.[dev]'
	@touch $@
