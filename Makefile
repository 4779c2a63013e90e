# Two commands: `make backtest` and `make test`. Both make the environment they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: backtest test bench sample clean

backtest: $(STAMP)
	@"$(BIN)/helios-engine" backtest configs/six_kinds.toml

test: $(STAMP)
	@"$(BIN)/python" -m pytest -n auto

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
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
