# Rex: the two commands are `make demo` and `make test`; the rest is for those who change it.

PYTHON ?= python3
JOBS ?= 2
PHONE_JOBS ?= 3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# What is installed is compiled when it is first used: most of it never is.
INSTALL := $(PIP) install --no-compile
# By a path and not by an import hook, which would cost every Python, and so every MicroPython, half as much again to start.
EDITABLE := --no-build-isolation --config-settings editable_mode=compat --editable
STUBS := build/typings/esp32
MICROPYTHON32 := build/micropython32/micropython
say = @printf '== %s\n'

.PHONY: help demo browser phone test test32 lint format types bench lock clean
.DELETE_ON_ERROR:

help:
	@echo "make demo     the story on a simulated collar: a virtual environment, the run, the handler's day"
	@echo "make test     the test suite on 64-bit MicroPython"
	@echo "make browser  what the browser tests need, if it is not there: Chromium by apt, the page's libraries by npm"
	@echo "make phone    of it the handler's page, in a real browser, with the figures that its tests print"
	@echo "make test32   what of it runs firmware, on 32-bit MicroPython (Debian's i386 package, fetched once)"
	@echo "make lint     ruff: format and rules    make format   lets ruff rewrite"
	@echo "make types    basedpyright: firmware against the ESP32 stubs, the rest against its own annotations"
	@echo "make bench    time, allocation, code size and heap of the firmware"
	@echo "make lock     pins the newest versions that pyproject.toml allows"
	@echo "make clean    removes what make made"

demo: $(VENV)/stamp-runtime
	$(say) 'demo: runs the collar on the bench and writes demo-out/'
	@$(BIN)/hostsim demo

test: $(VENV)/stamp-dev
	$(say) 'test: the suite on 64-bit MicroPython, $(JOBS) at a time'
	@$(BIN)/python -m pytest -q -rfEs -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST)

# Its tests wait more than they compute: one more at a time than there are cores. The longest files begin.
PHONE_LONGEST := tests/test_phone_views.py tests/test_phone_link.py
phone: $(VENV)/stamp-dev browser
	$(say) "phone: the handler's page, $(PHONE_JOBS) at a time"
	@$(BIN)/python -m pytest -q -rfEsP -n $(PHONE_JOBS) --dist loadfile --no-loadscope-reorder $(PHONE_LONGEST) $(filter-out $(PHONE_LONGEST),$(wildcard tests/test_phone_*.py)) $(PYTEST)

browser: | $(VENV)/bin/python
	@$(BIN)/python tools/browser.py --need

test32: $(VENV)/stamp-dev $(MICROPYTHON32)
	$(say) 'test32: the suite on 32-bit MicroPython, $(JOBS) at a time'
	@MICROPYTHON=$(abspath $(MICROPYTHON32)) $(BIN)/python -m pytest -q -rfEs -n $(JOBS) --dist loadfile --no-loadscope-reorder -m 'not bench_only' $(PYTEST)

lint: $(VENV)/stamp-dev
	$(say) 'lint: ruff format and ruff check'
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

format: $(VENV)/stamp-dev
	$(say) 'format: ruff rewrites'
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: $(VENV)/stamp-dev $(STUBS)/stamp
	$(say) 'types: firmware against the ESP32 stubs, and bench, tests and tools against their own annotations'
	@$(MAKE) --no-print-directory --keep-going --jobs 2 types-firmware types-host

types-%:
	@$(BIN)/basedpyright --warnings --project tools/types/$*.json

bench: $(VENV)/stamp-dev
	$(say) 'bench: time, allocation, code size and heap of the firmware'
	@$(BIN)/python tools/bench.py

$(VENV)/bin/python:
	$(say) 'environment: makes $(VENV) with $(PYTHON)'
	@$(PYTHON) tools/environment.py $(VENV)

$(VENV)/stamp-runtime: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(say) 'environment: installs what the bench runs on, in the versions of requirements.lock'
	@$(INSTALL) --constraint requirements.lock setuptools
	@$(INSTALL) --constraint requirements.lock $(EDITABLE) .
	@touch $@

$(VENV)/stamp-dev: $(VENV)/stamp-runtime tests/oracles.txt
	$(say) 'environment: adds what tests and checks need'
	@$(INSTALL) --constraint requirements.lock $(EDITABLE) '.[dev]'
	@$(INSTALL) --no-deps --requirement tests/oracles.txt
	@touch $@

$(STUBS)/stamp: requirements.lock tools/types/asyncio_core.pyi | $(VENV)/bin/python
	$(say) 'types: unpacks the stubs of MicroPython on the ESP32 into $(STUBS)'
	@rm -rf $(STUBS)
	@$(INSTALL) --no-deps --target $(STUBS) \
	    $$(sed -n '/^micropython-[a-z0-9]*-stubs==/p' requirements.lock)
	@cp tools/types/asyncio_core.pyi $(STUBS)/stdlib/asyncio/core.pyi
	@touch $@

$(MICROPYTHON32): tools/micropython32.py | $(VENV)/bin/python
	$(say) 'micropython32: fetches Debian'\''s i386 MicroPython into build/micropython32'
	@$(BIN)/python tools/micropython32.py
	@touch $@

lock: | $(VENV)/bin/python
	$(say) 'lock: resolves pyproject.toml for Python 3.10 to 3.13 with uv'
	@$(INSTALL) uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --all-extras --no-annotate \
	    --no-header pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) build demo-out .pytest_cache .ruff_cache .hypothesis *.egg-info
