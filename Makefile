PYTHON ?= python3
BIN := .venv/bin
# Tests start many processes: where nothing is kept of what Python compiles, each of them compiles all libraries anew.
unexport PYTHONDONTWRITEBYTECODE

# What the project needs, and what some of its extras need, a line each.
NEEDED = $(BIN)/python -c 'import sys, tomllib; \
	project = tomllib.load(open("pyproject.toml", "rb"))["project"]; extras = project["optional-dependencies"]; \
	lines = project["dependencies"] + [line for name in sys.argv[1:] for line in extras[name]]; \
	print(*(line for line in lines if not line.startswith("exemplar[")), sep="\n")'
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --constraint requirements.lock

# Two processes of tests share the cores: threads of a model that spin while they wait would take them from the other.
TESTS = OMP_WAIT_POLICY=passive $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: run test quick check audit screenshot pins lock clean

run: .venv/.installed ## Open the app on localhost:8501 with the demo corpus; its full vectors are made meanwhile.
	@$(BIN)/exemplar build docs --whole --if-missing --quick
	@nice $(BIN)/exemplar build docs --full --if-missing > /dev/null 2>&1 & trap "kill $$! 2> /dev/null" EXIT INT TERM; \
	$(BIN)/exemplar app

test: check ## Lint, check types and layers, run all tests.
	$(TESTS)

quick: check ## The same without the tests that take a browser, a model, a cluster, other processes, or their time.
	$(TESTS) -m "not (slow or model or e2e or cluster)"

check: .venv/.installed-test ## Lint, check types and layers.
	@# Ruff's cache does not see that a module which others import is new, and sorts their imports as before.
	$(BIN)/ruff check --quiet --no-cache .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

screenshot: .venv/.installed-test ## Take the README's pictures anew.
	$(BIN)/python -m benchmarks.pictures docs

audit: ## Look up known vulnerabilities of all pins at PyPI; needs the network.
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet pip-audit
	.venv-pins/bin/pip-audit --requirement requirements.lock --disable-pip --strict --progress-spinner off
	rm -rf .venv-pins

pins: ## Renew constraints.txt and requirements.lock from the newest releases that work together.
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet torch==2.13.0 -e '.[test]'
	echo '# Exact pins of everything that is installed; `make pins` renews them.' > constraints.txt
	.venv-pins/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' >> constraints.txt
	$(MAKE) lock

# A CPU build of torch, where pip is told of one, is another file than PyPI's: its hash is as good as theirs.
lock: ## Renew requirements.lock alone: the pins for every system, with the hashes of all their files.
	test -d .venv-pins || $(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet uv
	.venv-pins/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras --group install \
		--generate-hashes --no-annotate --no-header --constraint constraints.txt pyproject.toml \
		--output-file .venv-pins/lock
	.venv-pins/bin/python -m pip download --quiet --no-deps --dest .venv-pins/torch "$$(grep '^torch==' constraints.txt)"
	hash=$$(.venv-pins/bin/python -m pip hash .venv-pins/torch/*.whl | sed -n 's/^--hash=/    --hash=/p'); \
	echo '# The pins of constraints.txt for every system, with hashes; `make pins` renews them.' > requirements.lock; \
	if grep -q -- "$$hash" .venv-pins/lock; then cat .venv-pins/lock; \
	else awk -v hash="$$hash" '{ print } /^torch==/ { print hash " \\" }' .venv-pins/lock; fi >> requirements.lock
	rm -rf .venv-pins

clean: ## Remove the environment; corpora and marks stay.
	rm -rf .venv .venv-pins

# The pip that comes with Python may be too old to check the hashes of what is not asked for by name. Of torch's builds
# pip's own configuration may name another than PyPI's, and one that is there already stays.
.venv/.installed: pyproject.toml requirements.lock
	@echo "Installing into .venv: a few minutes the first time."
	$(PYTHON) -m venv .venv
	@for name in pip torch; do sed -n "/^$$name==/,/[^\\]$$/p" requirements.lock > .venv/$$name.txt; done
	$(BIN)/python -m pip install --quiet --requirement .venv/pip.txt
	@$(BIN)/python -m pip show --quiet torch 2> /dev/null || { set -ex; \
	$(BIN)/python -m pip download --quiet --no-deps --dest .venv/torch "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' .venv/torch.txt)"; \
	$(INSTALL) --no-deps --no-index --find-links .venv/torch --requirement .venv/torch.txt; rm -r .venv/torch; }
	@$(NEEDED) bib mail office pdf web > .venv/needed.txt
	$(INSTALL) --requirement .venv/needed.txt
	$(BIN)/python -m pip install --quiet --no-deps --build-constraint requirements.lock --editable .
	$(BIN)/python -c 'from exemplar.data.encoders import quick; quick.install_quick_encoder()'
	@touch $@

.venv/.installed-test: .venv/.installed
	@$(NEEDED) bib duckdb lance mail milvus office openvino pdf ray report web test > .venv/needed.txt
	$(INSTALL) --requirement .venv/needed.txt
	@for name in chromium chromium-browser google-chrome; do command -v $$name > /dev/null && exit 0; done; \
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; \
	then :; else $(BIN)/playwright install chromium; fi
	@touch $@
