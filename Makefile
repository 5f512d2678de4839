# make demo   install into .venv and run the main job against the embedded target
# make test   install if need be and run the test-suite
# make slow   its slow part: whole runs on all servers, attacks, a browser
# make chaos  kills, faults and sweeps, and the counts of what was injected
# make accept what the golden run leaves behind becomes what is expected of it: look at the difference first
# make check  what CI runs: lint, format, types, tests
# make live   a small run on real models; needs a key or ASTRAL_LIVE_URL (never in CI)
# make bench  the figures of benchmarks/, printed; ASTRAL_DATA=DIR adds those on public data (prompts-dev.jsonl, oracle-dev.jsonl)

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test slow accept chaos check lint live bench bench-oracles clean
.DELETE_ON_ERROR:

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or newer is needed; set PYTHON=python3.12, say"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "make: no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

# seed=7: a plan whose run shows a false alarm of the oracle too, not only findings
demo: .venv/installed
	@$(BIN)/pytest -p no:cacheprovider --no-header --tb=no \
	  --astral "target=demo seed=7 gate=none incomplete=50% report=html:astral-demo.html,json:astral-demo.json"
	@echo "The report is in $(CURDIR)/astral-demo.html"

test: .venv/installed
	$(BIN)/python -m pytest -q -rs -n auto -p no:langsmith_plugin tests

accept: .venv/installed
	ASTRAL_ACCEPT=1 $(BIN)/python -m pytest -q -p no:langsmith_plugin tests/e2e/test_golden.py tests/unit/test_results_docs.py
	@echo "Read what changed: git diff tests/golden docs/results.md"

slow: .venv/installed
	$(BIN)/python -m pytest -q -rs -n auto -p no:langsmith_plugin -m "slow and not chaos" tests

chaos: .venv/installed
	$(BIN)/python -m pytest -q -rs -n auto -p no:langsmith_plugin -m chaos tests/chaos

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

live: .venv/installed
	$(BIN)/python benchmarks/live.py

bench: .venv/installed
	$(BIN)/python benchmarks/execution.py
	$(BIN)/python benchmarks/demo_full.py
	$(BIN)/python benchmarks/generate.py
	$(BIN)/python benchmarks/style_conformance.py
	$(BIN)/python benchmarks/intent.py
	$(BIN)/python benchmarks/red_build.py
	$(MAKE) bench-oracles

# the agreement of the keyless oracles with people, by source, and the verdicts that attacks flip
bench-oracles: .venv/installed
	@test -z "$(ASTRAL_DATA)" || $(BIN)/python benchmarks/oracles.py "$(ASTRAL_DATA)/oracle-dev.jsonl" --probe
	$(BIN)/python benchmarks/flips.py

clean:
	rm -rf .venv .astral astral-demo.html astral-demo.json
