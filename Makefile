PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: test test-fast demo faults bench dist lock lint types contract clean

test: $(READY)
	$(RUN) -m pytest -n 2

test-fast: $(READY)
	$(RUN) -m pytest -n 2 -m "not slow and not network and not ui"

demo: $(READY)
	$(RUN) -m tests.demo

faults: $(READY)
	$(RUN) -m tests.faults

bench: $(READY)
	$(RUN) -m tests.benchmarks

dist:
	$(PYTHON) tools/dist.py

lock: $(READY)
	$(RUN) tools/lock.py

lint: $(READY)
	$(RUN) -m ruff check .

types: $(READY)
	$(RUN) -m mypy

contract: $(READY)
	$(VENV)/bin/lint-imports

clean:
	rm -rf $(VENV) data dist

$(READY): requirements.txt requirements-pictures.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
