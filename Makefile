# make run, make test, make check: each makes .venv from the hash-pinned requirements.lock when it is not there or
# the lock changed. Needed beforehand: python3 (3.11 to 3.13, with venv), make and git.
#   make run ARGS="--cores 4 --config samples=my.tsv"   passes anything to Snakemake

ARGS ?=
READY := .venv/ready
IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON = $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c '$(IN_RANGE)' 2>/dev/null && echo $$name && break; done)

# A checkout that was moved needs a new environment: its old one holds the old place.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
.PHONY: run test lint check lock

run: $(READY)
	@.venv/bin/python -m snakemake --cores all $(ARGS)

test: $(READY)
	@.venv/bin/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

lint: $(READY)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/snakefmt --check Snakefile workflow
	@.venv/bin/mypy

check: lint test

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; this is $$(python3 --version 2>&1)"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version); this takes a minute or two, once"
	@rm -f $@
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --no-python-downloads --python "$$(command -v $(PYTHON))" .venv && \
		uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock && \
		uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .; \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		$(PYTHON) -m venv --clear .venv && \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	else \
		echo "Python's venv is missing: install the package python3-venv, then the same command again"; exit 1; \
	fi
	@echo "$(CURDIR)" > $@

# The pins: names, versions and hashes only. Run it after a change of the dependencies in pyproject.toml.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header \
		--quiet --output-file requirements.lock
