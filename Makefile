# make app    open the dashboard on http://127.0.0.1:8501 (PORT=8502 for another port);
#             ADDRESS=192.168.1.20 (this machine's in the network) serves a class: docs/teaching.md
# make test   lint, then every test, the browser's included
# make coverage  every test, and the lines that none of them reaches (slower)
# make bench  time a reading and the page
# make bench-class  a class of forty browsers votes
# make bench-memory  the server's memory: twenty sessions, 300 films (Linux)
# make bench-cases  the list of saved cases with twenty thousand (CASES=1000 for fewer)
# make bench-runs   the research pages with five hundred runs (RUNS=100 for fewer)
# make bench-train  time training and its parts (minutes)
# make viewer        build the film viewer's program anew, after a change of its sources (node)
# make check-viewer  build it and compare, byte by byte (node)
# make fuzz   read 100,000 damaged films (FILMS=1000 SEED=3 for fewer, or the same ones again)
# make audit  licences and known vulnerabilities of all that is installed; a part of make lint
#             (STRICT=1 fails where nobody could be asked)
# make lock   write the locks anew after a change of requirements*.txt (UPGRADE=--upgrade for newer)
# make lint, make format, make clean, make distclean (clean, and the virtual environment)
#
# The first target that needs it creates .venv. Written for GNU make 3.81, which macOS has.

PORT = 8501
ADDRESS =
SERVED = $(if $(ADDRESS), --server.address $(ADDRESS) --server.allowedHosts $(ADDRESS))
IS_OURS = import socket, sys; \
  kind, *_, place = socket.getaddrinfo(sys.argv[1], 0, type=socket.SOCK_STREAM)[0]; \
  socket.socket(kind).bind(place)
NOT_OURS = "Expected ADDRESS to be an address of this machine. $(ADDRESS) is none: \
  \`hostname -I\` (Linux) or \`ipconfig getifaddr en0\` (macOS) says which it has."
IS_FREE = import socket, sys; \
  address, port = sys.argv[1], int(sys.argv[2]) or sys.exit(1); \
  kind = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0][0]; \
  socket.create_server((address, port), family=kind)
NOT_FREE = "Expected PORT to be a number from 1 to 65535 on which nothing listens yet. \
  $(PORT) is none, or has a dashboard or another program: name another, as \`make app PORT=8599\`."
VENV = .venv
PYTHON = $(VENV)/bin/python
APP = $(VENV)/.app-installed
TESTS = $(VENV)/.tests-installed

# Nothing from the user's own packages or pip settings gets in.
export PYTHONNOUSERSITE = 1
export PIP_USER = 0
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# The tests start dozens of processes: none need compile what another has compiled.
unexport PYTHONDONTWRITEBYTECODE
# Wheels only: a missing wheel is an error at once, not a failing compilation minutes later.
INSTALL = $(PYTHON) -m pip install --quiet --only-binary=:all:
# What is installed is what was locked, byte for byte, whatever an index offers.
LOCKED = $(INSTALL) --require-hashes
LOCKS = requirements requirements-cluster requirements-test
UPGRADE =
FILMS = 100000
SEED =
STRICT =

COVER =
# More than the two cores of a small machine: who drives a browser or a cluster mostly waits.
PYTEST = $(PYTHON) -m pytest --dist loadfile --no-loadscope-reorder $(COVER)
# Apart: a process has one Keras or none, and loading it takes seconds.
KERAS_TESTS = tests/adaptation tests/graders tests/train
# Under PyTorch a small network trains ten times as quickly: nothing is compiled. What these check
# does not depend on that; TensorFlow is for what does, and for its own training.
TORCH_TESTS = tests/train/locate tests/train/study tests/train/native/test_training.py \
  tests/train/native/test_network.py tests/train/native/test_drawing.py \
  tests/train/native/test_capture.py \
  tests/train/commands/test_away.py tests/train/commands/test_commands.py \
  tests/train/commands/test_rehearsal.py tests/train/publish \
  tests/train/run/test_between.py tests/train/run/test_saving.py

# What two targets print at the same time does not mix, where make can see to it (from 4.0 on).
TOGETHER = $(if $(filter output-sync,$(.FEATURES)),--output-sync)
# Two targets at a time, unless who called this make has said how many.
AT_ONCE = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j 2)

VIEWER = pages/shared/viewer
BUNDLE = film-viewer.js film-viewer.LICENSES.txt

.PHONY: app test tests every-test torch-tests tensorflow-tests coverage fuzz audit lock bench bench-class bench-cases bench-memory bench-runs bench-train viewer check-viewer build-viewer lint format clean distclean
.DELETE_ON_ERROR:

# Asked before: the server would answer with its own innards.
app: $(APP)
	$(if $(ADDRESS),@$(PYTHON) -c '$(IS_OURS)' $(ADDRESS) 2>/dev/null || { echo $(NOT_OURS) >&2; exit 2; })
	$(if $(STREAMLIT_SERVER_ADDRESS),,@$(PYTHON) -c '$(IS_FREE)' $(or $(ADDRESS),127.0.0.1) "$(PORT)" 2>/dev/null || { echo $(NOT_FREE) >&2; exit 2; })
	$(PYTHON) -m streamlit run app.py --server.port $(PORT)$(SERVED)

# Beside each other: lint computes on one core alone. What it says comes in one piece, at its end.
test: $(TESTS)
	$(MAKE) $(AT_ONCE) $(TOGETHER) lint tests

# Where no package server is in reach, the tests that need these programs say so and are passed over.
tests: $(TESTS)
	$(PYTHON) -m tests.support.install_chromium
	-$(PYTHON) -m tests.support.dicom_programs
	-$(PYTHON) -m tests.support.install_orthanc
	@once=$$(mktemp -d) && trap 'rm -rf "$$once"' EXIT && \
	  KNEEOA_TEST_ONCE="$$once" $(MAKE) $(if $(TOGETHER),$(TOGETHER)=none) every-test

# What one process has drawn, read or measured, those of all three parts have.
every-test:
	$(PYTEST) -n 3 $(addprefix --ignore=,$(KERAS_TESTS))
	$(MAKE) $(if $(COVER),,$(AT_ONCE) $(TOGETHER)) torch-tests tensorflow-tests

torch-tests:
	KERAS_BACKEND=torch $(PYTEST) -n 2 $(TORCH_TESTS)

tensorflow-tests:
	$(PYTEST) -n 2 $(KERAS_TESTS) $(addprefix --ignore=,$(TORCH_TESTS))

# From Python 3.12 on it costs little, by the interpreter's own monitoring.
coverage: $(TESTS)
	rm -f .coverage
	core=$$($(PYTHON) -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")'); \
	  COVERAGE_CORE=$$core $(MAKE) tests COVER="--cov --cov-append --cov-report="
	$(PYTHON) -m coverage report

fuzz: $(TESTS)
	$(PYTHON) -m tests.fuzzing --films $(FILMS) $(if $(SEED),--seed $(SEED))

audit: $(TESTS)
	$(PYTHON) -m tests.support.audit requirements-test.lock $(if $(STRICT),--strict)

lock: $(TESTS)
	for name in $(LOCKS); do \
	  $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --custom-compile-command "make lock" $(UPGRADE) \
	    $$name.txt --output-file $$name.lock || exit 1; \
	done

bench: $(TESTS)
	$(PYTHON) -m tests.benchmarks.reading
	$(PYTHON) -m tests.support.install_chromium
	$(PYTHON) -m tests.benchmarks.page

bench-class: $(TESTS)
	$(PYTHON) -m tests.support.install_chromium
	$(PYTHON) -m tests.benchmarks.group

bench-memory: $(TESTS)
	$(PYTHON) -m tests.support.install_chromium
	$(PYTHON) -m tests.benchmarks.memory

bench-cases: $(TESTS)
	$(PYTHON) -m tests.benchmarks.case_list

bench-runs: $(TESTS)
	$(PYTHON) -m tests.benchmarks.runs

bench-train: $(TESTS)
	$(PYTHON) -m tests.benchmarks.training

viewer: build-viewer
	cp $(addprefix build/viewer/built/,$(BUNDLE)) pages/static

check-viewer: build-viewer
	for file in $(BUNDLE); do cmp build/viewer/built/$$file pages/static/$$file || exit 1; done

# Apart from the sources: packages of node hold Python files, too. No package's own program is run.
build-viewer:
	rm -rf build/viewer && mkdir -p build/viewer/built
	cp -r $(VIEWER)/src $(VIEWER)/*.mjs $(VIEWER)/*.json $(VIEWER)/mit.txt build/viewer
	cd build/viewer && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cd build/viewer && node build.mjs built

lint: $(TESTS)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(VENV)/bin/lint-imports
	$(PYTHON) -m mypy
	$(PYTHON) -m tests.support.audit requirements-test.lock

format: $(TESTS)
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

clean:
	rm -rf .coverage .pytest_cache .ruff_cache .mypy_cache .import_linter_cache build dist *.egg-info
	find app.py assets kneeoa pages tests train -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)

$(APP): requirements.lock $(PYTHON)
	@echo "Installing the app's packages, TensorFlow among them: a few minutes, once."
	$(LOCKED) -r requirements.lock
	@touch $@

$(TESTS): requirements-test.lock requirements-torch.txt $(APP)
	$(LOCKED) -r requirements-test.lock
	$(INSTALL) -r requirements-torch.txt
	$(PYTHON) -m pip check
	@touch $@

# A name on the PATH is no proof (version managers put placeholders there): each candidate is run.
$(PYTHON):
	@found=; for python in python3.13 python3.12 python3.11 python3; do \
	  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	  found="$$found $$python"; \
	  $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "Creating $(VENV) with $$($$python -V)."; \
	  exec $$python -m venv --clear $(VENV); \
	done; \
	if [ -n "$$found" ]; then \
	  echo "Found$$found, but without Python's venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2; \
	else \
	  echo "Python 3.11, 3.12 or 3.13 is needed, and none of python3.13, python3.12, python3.11, python3 on the PATH is one." >&2; \
	fi; exit 1
