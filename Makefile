# make run    sets up, runs the clockwork heart, listens to it, judges it, writes a report; then serves the live bench
#             until Ctrl-C (not where NO_SERVE=1 or CI is set)
# make test   sets up, runs every test
# make web    bundles the page of the live bench where it is stale (run and test do so too)
# make bench NAME=lever [QUICK=1]
# Needs Python 3.11 or later and make; everything else goes into .venv, pinned by the lock files.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
OUT := out

.PHONY: run test web bench named lock clean
.DEFAULT_GOAL := run

run: $(VENV)/.ready
	@mkdir -p $(OUT)
	@$(BIN)/heartwright run heart --seconds 60 --seed 1 --sound $(OUT)/heart.wav --judge --report $(OUT)/heart.html
	@$(page)
ifeq ($(NO_SERVE)$(CI),)
	@$(BIN)/heartwright studio $(STUDIO)
endif

test: $(VENV)/.ready-dev
	@$(page)
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 $(ARGS)

bench: named $(VENV)/.ready-bench
	@QUICK=$(QUICK) PYTHONPATH=. OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python $(or $(wildcard benchmarks/$(NAME)/run.py),benchmarks/$(NAME))

named:
	@test -n "$(NAME)" -a -d "benchmarks/$(NAME)" || \
		{ echo "No benchmark '$(NAME)'. Say: make bench NAME=one of: $$(cd benchmarks && ls -d */ | tr -d '/' | tr '\n' ' ')"; exit 2; }

# The first Python that is new enough makes the environment; a broken or old one is passed over.
$(VENV)/pyvenv.cfg:
	@for python in python3.13 python3.12 python3.11 python3 python; do \
		if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1; then \
			echo "Setting up $(VENV) with $$($$python -V 2>&1) (once; a minute or two)"; \
			$$python -m venv $(VENV) && exit 0; exit 1; \
		fi; \
	done; \
	echo "No Python 3.11 or later found. Install one, then run make again."; exit 1

web: $(VENV)/.ready
	@$(page)

# The page of the live bench: Node from the PATH, else from its wheel; without a network the rest goes on.
define page
if $(BIN)/python hatch_build.py --needs-node; then $(PIP) install --require-hashes -r requirements-node.lock; fi; \
	$(BIN)/python hatch_build.py || test "$@" != web
endef

define install
	@$(PIP) install --require-hashes -r $(1)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
endef

$(VENV)/.ready: requirements.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(call install,requirements.lock)

$(VENV)/.ready-dev: requirements-dev.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.ready

$(VENV)/.ready-bench: requirements-bench.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(call install,requirements-bench.lock)
	@touch $(VENV)/.ready $(VENV)/.ready-dev

# Rewrites the lock files from pyproject.toml (needs uv).
COMPILE := uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml
LOCK := $(COMPILE) --extra media --extra live --extra snapshots --group build
lock:
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group dev --group bench -c requirements-dev.lock -o requirements-bench.lock
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group pyproject.toml:node -o requirements-node.lock

clean:
	rm -rf $(VENV) $(OUT)
