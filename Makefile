# Two commands: `make backtest` and `make test`. Both make the environment they need, and so does `make paper-demo`.
PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13
VENV := .venv
TESTS := tests
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

PORT := 8765
FOR := 60s

.PHONY: backtest paper-demo test test-all-pythons bench sample clean

backtest: $(STAMP)
	@"$(BIN)/helios-engine" backtest configs/six_kinds.toml

# A minute on paper against a simulated VALR on this machine; then the run is held against itself.
paper-demo: $(STAMP)
	@"$(BIN)/helios-engine" valr-sim --port $(PORT) --rate 40 & simulator=$$!; trap 'kill $$simulator' EXIT; sleep 3; \
	VALR_KEY=simulated-key VALR_SECRET=simulated-secret "$(BIN)/helios-engine" live --paper configs/live/six_kinds.toml \
	  --set url=http://127.0.0.1:$(PORT) --set key_env=VALR_KEY --set secret_env=VALR_SECRET --for $(FOR)

test: $(STAMP)
	@"$(BIN)/python" -m pytest -n auto $(TESTS)

# The same heads on every Python that is here, each with an environment of its own; TESTS=tests runs everything.
test-all-pythons: override TESTS := $(if $(filter command\ line,$(origin TESTS)),$(TESTS),tests/replay)
test-all-pythons:
	@for python in $(PYTHONS); do \
	  if ! $$python -c '' 2>/dev/null; then echo "$$python: not installed, skipped" >&2; continue; fi; \
	  echo "$$($$python --version): $(TESTS)" >&2; \
	  $(MAKE) --no-print-directory PYTHON=$$python VENV=.venv-$$python TESTS=$(TESTS) test || exit 1; \
	done

bench: $(STAMP)
	@"$(BIN)/python" -m tests.bench

sample: $(STAMP)
	@"$(BIN)/helios-engine" data generate --catalog data_catalog/sample

$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (a few minutes, once)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Helios needs Python 3.11 to 3.13, found %d.%d; run make PYTHON=python3.11 …" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)
	@"$(BIN)/python" -m pip install --quiet --upgrade pip
	@"$(BIN)/python" -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

clean:
	rm -rf .venv .venv-python3.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
