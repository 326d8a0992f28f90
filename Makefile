# One-liners onto the command line.  Settings: SDK= PYTHON=3.11 PACKAGES="numpy scipy"
# JOBS= WHEELHOUSE= WHEELS= BOARD= SUITE= SLICES= SLIM=1
# (e.g. make wheels SDK=/opt/poky/3.0 PYTHON=3.7)
PACKAGES ?= numpy scipy
WHEELHOUSE ?= wheelhouse
WHEELS ?= $(WHEELHOUSE)
BOARD ?= emulated
SUITE ?= smoke
# The versions that Debian has native builds of, so that like is compared with like.
COMPARED := numpy==1.24.2 scipy==1.10.1
export SDK PYTHON JOBS WHEELHOUSE SLIM SUITE
# In a shell in which an old SDK's script was sourced, these would be no Python's but the SDK's.
unexport PYTHONHOME PYTHONPATH OPENSSL_CONF

VENV := .venv
CROSSBUILD := $(VENV)/bin/crossbuild
SYSTEM_PACKAGES = $(strip $(file < docker/system-packages.txt))

.PHONY: setup wheels reproducible verify audit doctor lock matrix test check nightly lint picture bench clean

setup: $(VENV)/ready

# Everything that crossbuild needs of the build machine: Debian packages, then its own
# Python environment.
$(VENV)/ready: pyproject.toml docker/system-packages.txt
	@missing=$$(for p in $(SYSTEM_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; \
	  else \
	    echo "Not root: install the build machine's packages first, then try again:"; \
	    echo "  sudo apt-get install --no-install-recommends" $$missing; exit 4; \
	  fi; \
	fi
	/usr/bin/python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

wheels: setup
	@$(CROSSBUILD) wheels $(PACKAGES)

# Builds all twice, in two folders, and compares.
reproducible: setup
	@$(CROSSBUILD) wheels --reproduce $(PACKAGES)

verify: setup
	@$(CROSSBUILD) verify --board $(BOARD) $(SLICES:%=--slice=%) $(PACKAGES)

audit: setup
	@$(CROSSBUILD) audit $(WHEELS)

doctor: setup
	@$(CROSSBUILD) doctor $(PACKAGES)

lock: setup
	@$(CROSSBUILD) lock

matrix: setup
	@$(CROSSBUILD) matrix --build $(PACKAGES)

# The whole proof: units, then real builds, installed and run on the emulated board.
test: setup
	@$(VENV)/bin/pytest

# What builds nothing large: minutes.
check: setup
	@$(VENV)/bin/pytest -m 'not slow'

# What takes hours: the packages' own tests, beside Debian's native builds as well.
nightly: wheels
	@$(CROSSBUILD) verify --suite fast $(PACKAGES)
	@$(CROSSBUILD) wheels $(COMPARED)
	@$(CROSSBUILD) parity numpy scipy
	@$(CROSSBUILD) verify --board sabrelite --suite smoke $(PACKAGES)

lint: setup
	@$(VENV)/bin/ruff check && $(VENV)/bin/ruff format --check \
	&& $(VENV)/bin/lint-imports --no-logo && $(VENV)/bin/python docs/picture.py --check && $(VENV)/bin/mypy
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.gitlab-ci .gitlab-ci.yml .gitlab/cell.yml

# docs/packages.svg, of the packages and their imports.
picture: setup
	@$(VENV)/bin/python docs/picture.py

# Ratios measured side by side: docs/benchmarks.md.
bench: setup
	@$(CROSSBUILD) wheels --wheelhouse build/compared $(COMPARED)
	@$(VENV)/bin/python -m benchmarks.noop
	@$(VENV)/bin/python -m benchmarks.build_time numpy==1.26.4
	@$(VENV)/bin/python -m benchmarks.build_time scipy==1.11.4
	@$(VENV)/bin/python -m benchmarks.emulated_gcc
	@$(VENV)/bin/python -m benchmarks.audit build/compared/*.whl
	@$(VENV)/bin/python -m benchmarks.board_speed build/compared
	@$(VENV)/bin/python -m benchmarks.size build/compared

clean: setup
	@$(CROSSBUILD) clean
