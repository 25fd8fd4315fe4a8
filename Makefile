# quickstart, check, lint and test do all the set-up that is missing. `make install EXTRA=gpu` installs the CUDA builds,
# and what was installed stays the choice of later commands.
EXTRA ?= $(or $(shell cat .venv/extra 2>/dev/null),cpu)
PYTHON ?= python3.11
# Exact versions, for the CPU builds only: for EXTRA=gpu, or with LOCK= (another Python, another system), pip resolves.
LOCK ?= $(wildcard .ci/requirements-$(EXTRA).txt)
BIN := .venv/bin
INSTALLED := .venv/installed-$(EXTRA)
QUICKSTART := cluster/runs/quickstart
LIGHT := not ray and not vllm and not slow and not process

.PHONY: quickstart check test light lint install lock clean

quickstart: $(INSTALLED)
	$(BIN)/gleaner compare $(QUICKSTART)/random.yaml $(QUICKSTART)/gleaned.yaml $(QUICKSTART)/simplified.yaml --out runs/quickstart

# What to run before every commit: all but the tests that start Ray, vLLM or other processes.
check: lint light

# Those tests have one Ray in common, so they come one after the other.
test: $(INSTALLED) light
	$(BIN)/python -m pytest -m "not ($(LIGHT))" --durations=20

light: $(INSTALLED)
	$(BIN)/python -m pytest -m "$(LIGHT)" -n 2 --durations=20

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(INSTALLED)

$(INSTALLED): pyproject.toml $(LOCK)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
ifneq ($(LOCK),)
	$(BIN)/pip install --quiet --progress-bar off --no-deps --requirement $(LOCK)
	$(BIN)/pip install --quiet --progress-bar off --no-deps --editable .
else
	$(BIN)/pip install --quiet --progress-bar off --editable '.[$(EXTRA),test]'
endif
	@# vLLM's CPU build can bring CUDA builds of these; where one cannot be imported, transformers cannot either.
	for name in torchvision torchaudio torchcodec; do \
		$(BIN)/python -c "import $$name" 2>/dev/null || $(BIN)/pip uninstall --quiet --yes $$name; \
	done
	rm -f .venv/installed-*
	echo $(EXTRA) > .venv/extra
	touch $@

# `make clean lock` resolves all versions anew, within the bounds of pyproject.toml.
lock:
	$(MAKE) install LOCK=
	sed -n '/^#/p' .ci/requirements-$(EXTRA).txt > .venv/lock
	$(BIN)/pip freeze --all --exclude-editable --exclude pip >> .venv/lock
	mv .venv/lock .ci/requirements-$(EXTRA).txt

clean:
	rm -rf .venv runs
