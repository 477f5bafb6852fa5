# Two commands: `make run` and `make test`. Nothing has to be installed first but Python 3.11+, git and make.
# VENV=folder uses another virtual environment; PYTHON=program another interpreter; JOBS=n test processes.

VENV ?= .venv
PYTHON ?=
JOBS ?= auto
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app app
CATALOGUE := portal/translations
COMPILED := $(patsubst %.po,%.mo,$(wildcard $(CATALOGUE)/*/LC_MESSAGES/*.po))

.PHONY: help run test check bench words docs clean
.DEFAULT_GOAL := help

help:
	@echo "make run    the portal with its demo country on http://127.0.0.1:$${PORT:-5000}"
	@echo "make test   unit tests, web tests on SQLite and PostgreSQL, browser tests"
	@echo "make check  ruff and import floors"
	@echo "make bench  figures, nothing asserted"
	@echo "make words  update and compile the translation catalogues"
	@echo "make docs   write docs/permissions.md and docs/map.md anew from the code"
	@echo "make clean  remove what make has made (the data in instance/ stays)"

run: $(VENV)/.run $(COMPILED)
	@$(FLASK) portal init --demo
	@exec $(FLASK) portal run

test: $(VENV)/.dev $(COMPILED)
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --db both tests/browser tests/unit tests/web  # neighbours stay together

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/lint-imports

bench: $(VENV)/.bench $(COMPILED)
	$(BIN)/python -m tests.bench

words: $(VENV)/.dev
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext --no-location --sort-output \
	  --no-wrap --project=portal --version=1 -o $(VENV)/messages.pot .
	$(BIN)/pybabel -q update -i $(VENV)/messages.pot -d $(CATALOGUE) -l en --init-missing \
	  --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@for file in $$(find $(CATALOGUE) -name '*.po'); do \
	  $(BIN)/pybabel -q compile -i $$file -o $${file%.po}.mo || exit 1; done
	@grep -c '^msgstr ""$$' $(CATALOGUE)/en/LC_MESSAGES/messages.po | \
	  sed 's/$$/ empty lines in the English catalogue (1 is its header)/'

docs: $(VENV)/.run
	$(FLASK) portal permissions > docs/permissions.md
	$(FLASK) portal map > docs/map.md

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(COMPILED)

$(VENV)/bin/python:
	@python=""; for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)" >&2; exit 1; fi; \
	echo "virtual environment in $(VENV) with $$python"; "$$python" -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.run $@

$(VENV)/.bench: requirements.txt requirements-dev.txt requirements-bench.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-bench.txt
	@touch $(VENV)/.run $(VENV)/.dev $@

%.mo: %.po | $(VENV)/.run
	$(BIN)/pybabel -q compile -i $< -o $@
