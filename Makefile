# `make demo` and `make test` do everything from a bare clone: environment, installation,
# work. PYTHON chooses the interpreter, EXTRAS what is installed beside the library
# (`make demo EXTRAS=dev,cuda` on a machine with an NVIDIA GPU).

PYTHON ?= python3
EXTRAS ?= dev
DEMO ?= runs/demo

BIN := .venv/bin
COMMA := ,
INSTALLED := .venv/installed-$(subst $(COMMA),-,$(EXTRAS))
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test lint install clean

demo: install
	test "$(DEMO)" != runs/demo || rm -rf runs/demo
	$(BIN)/keras-latent train encdec --dataset mnist --epochs 6 --batch-size 64 --output $(DEMO)

# The networks are tiny: more threads than processes only stand in each other's way.
test: export TF_NUM_INTRAOP_THREADS := 1
test: lint
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: $(INSTALLED)

$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf .venv runs build *.egg-info
