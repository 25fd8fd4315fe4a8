# quickstart and test do all the set-up that is missing. `make install EXTRA=gpu` installs the CUDA builds, and what was
# installed stays the choice of later commands.
EXTRA ?= $(or $(shell cat .venv/extra 2>/dev/null),cpu)
PYTHON ?= python3.11
BIN := .venv/bin
INSTALLED := .venv/installed-$(EXTRA)
QUICKSTART := cluster/runs/quickstart

.PHONY: quickstart test lint install clean

quickstart: $(INSTALLED)
	$(BIN)/gleaner compare $(QUICKSTART)/random.yaml $(QUICKSTART)/gleaned.yaml $(QUICKSTART)/simplified.yaml --out runs/quickstart

test: $(INSTALLED)
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(INSTALLED)

$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --progress-bar off --editable '.[$(EXTRA),test]'
	@# vLLM's CPU build can bring CUDA builds of these; where one cannot be imported, transformers cannot either.
	for name in torchvision torchaudio torchcodec; do \
		$(BIN)/python -c "import $$name" 2>/dev/null || $(BIN)/pip uninstall --quiet --yes $$name; \
	done
	rm -f .venv/installed-*
	echo $(EXTRA) > .venv/extra
	touch $@

clean:
	rm -rf .venv runs
