PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test screenshot pins clean

run: .venv/.installed ## Build the demo corpus if there is none, and open the app on localhost:8501.
	@$(BIN)/exemplar build docs --whole --if-missing
	@$(BIN)/exemplar app

test: .venv/.installed-test ## Lint, check types and layers, run all tests.
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest

screenshot: .venv/.installed-test ## Take the README's pictures anew.
	$(BIN)/python -m benchmarks.pictures docs

pins: ## Renew constraints.txt from the newest releases that work together.
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet torch==2.13.0 -e '.[test]'
	echo '# Exact pins of everything that is installed; `make pins` renews them.' > constraints.txt
	.venv-pins/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' >> constraints.txt
	rm -rf .venv-pins

clean: ## Remove the environment; corpora and marks stay.
	rm -rf .venv .venv-pins

.venv/.installed: pyproject.toml constraints.txt
	@echo "Installing into .venv: a few minutes the first time."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable .
	@touch $@

.venv/.installed-test: .venv/.installed
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[test]'
	@for name in chromium chromium-browser google-chrome; do command -v $$name > /dev/null && exit 0; done; \
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; \
	then :; else $(BIN)/playwright install chromium; fi
	@touch $@
