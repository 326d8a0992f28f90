# One-liners onto the command line.  Settings: SDK= PYTHON=3.11 PACKAGES="numpy scipy" REQUIREMENTS=
# JOBS= WHEELHOUSE= WHEELS= BOARD= BLAS= SUITE= SLICES= SLIM=1
# (e.g. make wheels SDK=/opt/poky/3.0 PYTHON=3.7)
PACKAGES ?= numpy scipy
WHEELHOUSE ?= $(or $(CROSSBUILD_WHEELHOUSE),wheelhouse)
WHEELS ?= $(WHEELHOUSE)
BOARD ?= emulated
# The versions that Debian has native builds of, so that like is compared with like.
COMPARED := numpy==1.24.2 scipy==1.10.1
STACK := pandas scikit-learn scikit-image
COMPARED_STACK := pandas==1.5.3 scikit-learn==1.2.1 scikit-image==0.19.3
# A shell may have a PYTHON, JOBS or BOARD that is meant for others (PYTHON=/usr/bin/python3 for node-gyp, JOBS=max,
# BOARD=imx6q-sabrelite for U-Boot).
ifneq ($(findstring environment,$(origin PYTHON)),)
override PYTHON := $(filter 3.%,$(PYTHON))
endif
ifneq ($(findstring environment,$(origin JOBS)),)
override JOBS := $(filter 1% 2% 3% 4% 5% 6% 7% 8% 9%,$(JOBS))
endif
ifneq ($(findstring environment,$(origin BOARD)),)
override BOARD := $(or $(filter emulated sabrelite,$(BOARD)),$(if $(findstring @,$(BOARD)),$(BOARD)),emulated)
endif
# The program reads CROSSBUILD_… alone.
define hand_on
ifneq ($$($(1)),)
export CROSSBUILD_$(1) := $$($(1))
endif
endef
$(foreach setting,SDK PYTHON JOBS WHEELHOUSE SLIM SUITE,$(eval $(call hand_on,$(setting))))
# In a shell in which an old SDK's script was sourced, these would be no Python's but the SDK's.
unexport PYTHONHOME PYTHONPATH OPENSSL_CONF

VENV := .venv
CROSSBUILD := $(VENV)/bin/crossbuild
SYSTEM_PACKAGES = $(strip $(file < docker/system-packages.txt))
SHELL_SCRIPTS := crossbuild/toolchain/compiler-wrapper.sh crossbuild/board/emulation/enter.sh crossbuild/export/install.sh docker/build-python docker/compile-host .ci/run

.PHONY: setup wheels reproducible verify audit report doctor lock matrix test check nightly nightly-suites nightly-arm nightly-fuzz lint reference reliability tutorial site picture bench survey clean

setup: $(VENV)/ready

# Everything that crossbuild needs of the build machine: Debian packages (or such as stand for them,
# as qemu-user-binfmt does for qemu-user-static from forky on), then its own Python environment.
$(VENV)/ready: pyproject.toml docker/system-packages.txt
	@there=" $$(dpkg-query -Wf '$${db:Status-Status} $${Package} $${Provides}\n' | sed -n 's/^installed//p' | tr '\n,' '  ') "; \
	missing=$$(for p in $(SYSTEM_PACKAGES); do case "$$there" in *" $$p "*) ;; *) echo $$p ;; esac; done); \
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
	@$(CROSSBUILD) wheels $(BLAS:%=--blas=%) $(if $(REQUIREMENTS),-r $(REQUIREMENTS),$(PACKAGES))

# Builds all twice, in two folders, and compares.
reproducible: setup
	@$(CROSSBUILD) wheels --reproduce $(PACKAGES)

verify: setup
	@$(CROSSBUILD) verify --board $(BOARD) $(SLICES:%=--slice=%) $(PACKAGES)

audit: setup
	@$(CROSSBUILD) audit $(WHEELS)

report: setup
	@$(CROSSBUILD) report $(WHEELHOUSE)

doctor: setup
	@$(CROSSBUILD) doctor $(BLAS:%=--blas=%) $(PACKAGES)

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

# What takes hours.
nightly: nightly-suites nightly-arm nightly-fuzz reliability

# What takes hours of the tests, then the packages' own, beside Debian's native builds as well.
NIGHTLY := $(addprefix end_to_end/test_,at_once closures filled killed models_travel stock_sdk survey) \
  docker/test_image docs/test_tutorial
nightly-suites: wheels
	@CROSSBUILD_NIGHTLY=1 CROSSBUILD_KILLS=100 $(VENV)/bin/pytest $(NIGHTLY:%=tests/%.py)
	@$(CROSSBUILD) verify --suite fast $(PACKAGES)
	@$(CROSSBUILD) wheels $(STACK)
	@$(CROSSBUILD) verify --suite fast $(STACK)
	@$(CROSSBUILD) wheels $(COMPARED) $(COMPARED_STACK)
	@$(CROSSBUILD) parity numpy scipy $(STACK)
	@$(CROSSBUILD) verify --board sabrelite --suite smoke $(PACKAGES)

# The same packages in Arm state, as SDKs of old Yocto releases make them; audited as strangers' wheels are.
ARM := --sdk debian-bookworm-arm
ARM_HOUSE := build/wheelhouse-arm
nightly-arm: setup
	@$(CROSSBUILD) wheels $(ARM) --wheelhouse $(ARM_HOUSE) $(PACKAGES)
	@$(CROSSBUILD) audit $(ARM) $(ARM_HOUSE)
	@$(CROSSBUILD) verify $(ARM) --wheelhouse $(ARM_HOUSE) $(PACKAGES)

# Hostile archives and ELF files, some minutes of each kind; what was found new stays in build/fuzz.
FUZZED := elf sdist wheel
FUZZ_SECONDS ?= 600
nightly-fuzz: setup
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[fuzz]'
	@for kind in $(FUZZED); do mkdir -p build/fuzz/$$kind && $(VENV)/bin/python -m tests.fuzz $$kind \
	  -max_total_time=$(FUZZ_SECONDS) -max_len=20000 -timeout=60 -rss_limit_mb=1024 \
	  -print_final_stats=1 -artifact_prefix=build/fuzz/ build/fuzz/$$kind tests/fuzz/corpus/$$kind \
	  >build/fuzz/$$kind.log 2>&1 || { tail -40 build/fuzz/$$kind.log; exit 1; }; done

lint: setup
	@$(VENV)/bin/ruff check && $(VENV)/bin/ruff format --check \
	&& $(VENV)/bin/lint-imports --no-logo && $(VENV)/bin/python docs/picture.py --check \
	&& $(VENV)/bin/python docs/reference.py --check && $(VENV)/bin/python docs/build_site.py \
	&& $(VENV)/bin/mypy
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.gitlab-ci .gitlab-ci.yml .gitlab/cell.yml
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	@if command -v shellcheck >/dev/null; then shellcheck $(SHELL_SCRIPTS); \
	else echo "shellcheck is not installed: the shell scripts were not checked"; fi

# docs/commands.md and the manual page, of the commands.
reference: setup
	@$(VENV)/bin/python docs/reference.py

# docs/reliability.md, of what the nightly tests counted.
reliability: setup
	@$(VENV)/bin/python docs/reliability.py

# docs/tutorial.md, of what its commands print: builds numpy and scipy.
tutorial: setup
	@$(VENV)/bin/python docs/tutorial.py

# The documentation as a site, build/site/index.html; strictly, with its links checked.
site: setup
	@$(VENV)/bin/python docs/build_site.py

# docs/packages.svg, of the packages and their imports.
picture: setup
	@$(VENV)/bin/python docs/picture.py

# Every package of benchmarks/survey.toml that has no result yet: docs/packages.md.
survey: setup
	@$(VENV)/bin/python -m benchmarks.survey $(SURVEYED)

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
	@$(VENV)/bin/python -m benchmarks.blas_kinds

clean: setup
	@$(CROSSBUILD) clean
