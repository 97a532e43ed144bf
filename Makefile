# `make demo` and `make test` do everything from a bare clone: environment, installation,
# work. PYTHON chooses the interpreter, EXTRAS what is installed beside the library
# (`make demo EXTRAS=dev,cuda` on a machine with an NVIDIA GPU). `make test-all` adds the
# tests that are marked `all`. `make docs` builds the documentation. `make test-lowest`
# installs the first version of each range in setup.cfg, in an environment of its own, and
# runs LOWEST on it with LOWEST_PYTHON.

PYTHON ?= python3
LOWEST_PYTHON ?= python3.11
# What depends on versions most: training, files, data and what the package says of itself.
LOWEST ?= tests/models tests/training tests/likelihoods tests/layers tests/datasets \
	tests/cli/test_app.py tests/inversion tests/test_package.py tests/test_saving.py \
	tests/test_security.py
EXTRAS ?= dev
DEMO ?= runs/demo

BIN := .venv/bin
COMMA := ,
INSTALLED := .venv/installed-$(subst $(COMMA),-,$(EXTRAS))
# The networks are tiny: more threads than processes only stand in each other's way.
TESTS := -m pytest -q --numprocesses 2 --dist loadfile
test test-all test-lowest: export TF_NUM_INTRAOP_THREADS := 1
test test-all test-lowest: export OMP_NUM_THREADS := 1
test test-all test-lowest docs: export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: demo test test-all test-lowest docs lint install clean

demo: install
	test "$(DEMO)" != runs/demo || rm -rf runs/demo
	$(BIN)/keras-latent train encdec --dataset mnist --epochs 6 --batch-size 64 --output $(DEMO)
	$(BIN)/keras-latent report $(DEMO) --explorer

test: lint
	$(BIN)/python $(TESTS)

test-all: test
	$(BIN)/python $(TESTS) -m all

# Warnings are errors; nothing is asked of a network.
docs: install
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

test-lowest: .venv-lowest/installed
	.venv-lowest/bin/python $(TESTS) $(LOWEST)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: $(INSTALLED)

$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	# Setuptools warns of what an editable installation is.
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@

.venv-lowest/installed: setup.cfg
	$(LOWEST_PYTHON) -m venv --clear .venv-lowest
	sed -nE 's/^ +([A-Za-z0-9_-]+) >=([0-9.]+).*/\1==\2/p' setup.cfg > .venv-lowest/lowest.txt
	.venv-lowest/bin/python -m pip install --quiet --upgrade pip
	.venv-lowest/bin/python -m pip install --quiet --editable '.[dev]' \
		--constraint .venv-lowest/lowest.txt
	touch $@

clean:
	rm -rf .venv .venv-lowest runs build docs/_build *.egg-info
