# Two commands: make demo, make test. Everything is installed into .venv from lock files with hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
NPM := tests/interop
NPM_INSTALLED := $(NPM:%=%/node_modules/.installed)

.PHONY: demo test check lists vectors screenshot lock clean

demo: $(RUN)  ## build the example site and check two people as a merchant would
	@$(BIN)/python -m tests.demo

test: check

check: $(DEV) $(NPM_INSTALLED)  ## formatting, lint, types, import contracts, every test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist loadgroup $(PYTEST_ARGS)

lists: $(DEV)  ## write the fictional lists again
	$(BIN)/python -m tests.fictional

vectors: $(DEV)  ## write the vectors of the bundle format again: the same bytes on every machine
	$(BIN)/python -m tests.vectors.make

screenshot: $(DEV)  ## take README's picture again, after make demo
	$(BIN)/python -m tests.screenshot

lock: $(DEV)  ## pin every dependency anew
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
	    --extra install --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
	    --extra install --extra dev --output-file requirements-dev.lock pyproject.toml

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新的版本 (make PYTHON=python3.12 …)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "建立 $(VENV) 失败；Debian/Ubuntu 请先运行：apt-get install python3-venv" >&2; exit 1; }

$(RUN): requirements.lock pyproject.toml | $(BIN)/python
	@echo "正在安装（第一次约一分钟）……"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Each folder in NPM has a package.json, a lock file with hashes and no addresses, and an .npmrc. Node comes with $(DEV).
# Where npm reaches no registry, what needs the packages is skipped, except in CI.
$(NPM_INSTALLED): %/node_modules/.installed: %/package.json %/package-lock.json %/.npmrc $(DEV)
	@cd $* && PATH="$(abspath $(BIN)):$$PATH" npm ci --silent || \
	    { echo "$*: npm ci failed; tests that need it are skipped" >&2; rm -rf node_modules; test -z "$$CI"; exit; }; touch node_modules/.installed

clean:  ## remove what can be made again; keys stay
	rm -rf $(VENV) $(NPM:%=%/node_modules) build/site build/office build/published
