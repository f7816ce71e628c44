# make            set up .venv, then the main job: from raw text to tables of scores
# make test       set up .venv, then all checks and tests
# make setup      set up .venv alone
# make full       the main job with five seeds of each variant, in results/full
# make images     the image side alone
# make factorial  three ideas of the lesson in all combinations, in results/factorial
# make faults     the effect of each fault of the lesson, in results/faults
# make vectors    pretrained word vectors compared with others, in results/vectors
# make long       the tests that are too slow for `make test`
# make docs       render the tables of docs/configuration.md from the schema
# make benchmark  PHOTOS=FOLDER: all benchmarks, into benchmarks/README.md; NOTE=TEXT adds a line
# make clean      remove results/; downloads stay in resources/
#
# CORES=4 limits the cores; QUIET= shows each job with its files; PYTHON=python3.12 chooses the
# Python for .venv; TORCH=cpu sets up torch without CUDA, from PyTorch's own index.
# CONFIG=configs/mine.yaml goes on top of config.yaml, and of configs/full.yaml with `make full` or
# configs/factorial.yaml with `make factorial`; below the files of `make faults` and `make vectors`.
# It is one path, which may have spaces, or several.

CORES ?= all
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
TORCH ?= default
CONFIG ?=
FULL :=
# Files on top of CONFIG.
TOP :=
PHOTOS ?=
NOTE ?=
QUIET ?= --quiet rules host reason
SNAKEMAKE := $(BIN)/python -m snakemake $(QUIET) --cores $(CORES)

export CONFIG PHOTOS NOTE
export PYTHONNOUSERSITE := 1

INSTALL_default = $(BIN)/python -m pip install --quiet --no-deps -r requirements.lock
# For pip a version with +cpu is later than the same without, and equals it in the lock.
INSTALL_cpu = grep -Ev '^(nvidia|cuda|triton)' requirements.lock | \
  $(BIN)/python -m pip install --quiet --no-deps -r /dev/stdin \
    --extra-index-url https://download.pytorch.org/whl/cpu

# One Snakemake after the other, because within one everything below a job that ran runs, even if
# the job wrote the same bytes; the next one sees that they are the same and spares the trainings,
# and the features of all shards of images but those that changed.
PHASES := text vectors shards all

.PHONY: run configs setup test full factorial faults vectors images long docs benchmark clean

run: configs $(READY)
	@set -e; set -- $(FULL); \
	if [ -f "$$CONFIG" ]; then set -- "$$@" "$$CONFIG"; else set -- "$$@" $$CONFIG; fi; \
	set -- "$$@" $(TOP); \
	[ $$# = 0 ] || set -- --configfile "$$@"; \
	number=0; for phase in $(PHASES); do \
	  number=$$((number + 1)); echo "Phase $$number of $(words $(PHASES)): $$phase"; \
	  $(SNAKEMAKE) $$phase "$$@"; \
	done

# Before the set-up, which takes minutes.
configs:
	@[ -f "$$CONFIG" ] || for file in $$CONFIG; do [ -f "$$file" ] || { \
	  echo "error: CONFIG: expected a file, got no $$file; check the path" >&2; exit 1; }; done

full: FULL := configs/full.yaml
full: run

factorial: FULL := configs/factorial.yaml
factorial: PHASES := text vectors translation
factorial: run

# The last experiment reads the scores of the others.
faults: EXPERIMENTS := vocabulary split scale quotes eos model
vectors: EXPERIMENTS := trained random pretrained
faults vectors: configs
	@for name in $(EXPERIMENTS); do \
	  $(MAKE) --no-print-directory run PHASES="text vectors translation" \
	    TOP="configs/faults/corrected.yaml configs/$@/$$name.yaml" || exit; \
	done

images: PHASES := shards images
images: run

# Tests run side by side, so that each may use one thread only.
test: export OMP_NUM_THREADS := 1
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

long: $(READY)
	$(BIN)/pytest -m long

docs: $(READY)
	$(BIN)/python -m docs.render_configuration docs/configuration.md

benchmark: $(READY)
	$(BIN)/python -m benchmarks.run_all $(if $(PHOTOS),--photos "$$PHOTOS") $(if $(NOTE),--note "$$NOTE")

clean:
	rm -rf results

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@case "$(TORCH)" in default | cpu) ;; *) \
	  echo "error: TORCH: expected cpu, got $(TORCH); leave it out for torch with CUDA" >&2; \
	  exit 1;; esac
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo 'error: expected Python 3.11, 3.12 or 3.13, got' "$$($(PYTHON) --version 2>&1);" \
	    'install one and name it: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'error: expected a Python with venv, got one without;' \
	    'on Debian: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import os; path = os.getcwd(); path.encode(); assert not set("{}:\n") & set(path)' \
	  2>/dev/null || { \
	  echo "error: checkout $$PWD: expected a path in UTF-8 without braces, colons and line ends;" \
	    'rename or move the folder' >&2; exit 1; }
	@echo 'Setting up .venv: once, some minutes, some gigabytes.'
	$(PYTHON) -m venv .venv
	@# The pinned pip first: older ones begin a broken download anew.
	$(BIN)/python -m pip install --quiet --no-deps "$$(grep '^pip==' requirements.lock)"
	$(INSTALL_$(TORCH))
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@
