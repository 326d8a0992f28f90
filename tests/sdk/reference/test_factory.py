"""Reference SDKs: definitions, layout of both sysroots, environment script, errors."""

import json
import lzma
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossbuild.core.errors import (
    CommandError,
    ConfigurationError,
    IndexUnreachableError,
    ToolMissingError,
)
from crossbuild.core.files import remove_tree
from crossbuild.progress.console import Console
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.reference import debian, factory, native, openblas, scripts, target
from crossbuild.sdk.reference.definition import Definition, read
from tests.conftest import create_sdk

BOOKWORM = reference_sdk.load("debian-bookworm")
NOWHERE = "file:///no/such/mirror/"

#: What an environment script of every Yocto release exports, with those added up to kirkstone.
_NAMES = """
AR ARCH AS CC CFLAGS CONFIGURE_FLAGS CONFIG_SITE CPP CPPFLAGS CROSS_COMPILE CXX CXXFLAGS GDB
KCFLAGS LD LDFLAGS M4 NM OBJCOPY OBJDUMP OECORE_ACLOCAL_OPTS OECORE_DISTRO_VERSION
OECORE_NATIVE_SYSROOT OECORE_SDK_VERSION OECORE_TARGET_SYSROOT PATH PKG_CONFIG_PATH
PKG_CONFIG_SYSROOT_DIR RANLIB SDKTARGETSYSROOT STRIP TARGET_PREFIX OECORE_BASELIB
OECORE_TARGET_ARCH OECORE_TARGET_OS READELF OECORE_TUNE_CCARGS
"""
EXPORTED = frozenset(_NAMES.split())


# --- definitions


def test_each_suite_has_a_definition_with_its_python() -> None:
    found = {each.name: each.python for each in reference_sdk.definitions()}
    assert found == {
        "debian-bookworm": "3.11",
        "debian-bullseye": "3.9",
        "debian-trixie": "3.13",
    }


def test_every_definition_is_tuned_for_the_cortex_a9() -> None:
    for each in reference_sdk.definitions():
        assert {"-mcpu=cortex-a9", "-mfpu=neon", "-mfloat-abi=hard", "-mthumb"} <= set(
            each.target.cc_arguments
        )


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('packages = ["g++', 'pakages = ["g++', "native.pakages"),
        ('"bash",', "7,", "target.packages[10]"),
        ('suite = "bookworm"', "", "suite"),
    ],
)
def test_a_wrong_key_is_named_with_its_path(tmp_path: Path, old: str, new: str, where: str) -> None:
    text = (reference_sdk.default_destination("debian-bookworm.toml")).read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert f"{where}: " in caught.value.evidence
    assert str(path) in caught.value.evidence


def test_text_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("suite = \n")
    with pytest.raises(ConfigurationError, match=r"mine\.toml is not TOML") as caught:
        read(path)
    assert "line 1" in caught.value.evidence


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="debian-sid") as caught:
        reference_sdk.load("debian-sid")
    assert "debian-bookworm" in caught.value.cure


# --- target sysroot


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("lib/arm-linux-gnueabihf/libm.so.6", "usr/lib/libm.so.6"),
        ("lib/ld-linux-armhf.so.3", "usr/lib/ld-linux-armhf.so.3"),
        ("bin/uname", "usr/bin/uname"),
        ("usr/lib/arm-linux-gnueabihf/openblas-pthread/libblas.so.3", "usr/lib/libblas.so.3"),
        ("usr/include/arm-linux-gnueabihf/bits/types.h", "usr/include/bits/types.h"),
        (
            "usr/lib/python3.11/config-3.11-arm-linux-gnueabihf/Makefile",
            "usr/lib/python3.11/config-3.11-arm-linux-gnueabihf/Makefile",
        ),
        ("etc/ld.so.conf.d/arm-linux-gnueabihf.conf", "etc/ld.so.conf.d/arm-linux-gnueabihf.conf"),
    ],
)
def test_flat_places(path: str, place: str) -> None:
    assert target.flat(path) == place


def _packages(root: Path) -> None:
    """Files as Debian's packages have them."""
    files = {
        "lib/arm-linux-gnueabihf/libm.so.6": "libm",
        "usr/lib/arm-linux-gnueabihf/libc.so": "/* GNU ld script */\nGROUP ( "
        "/lib/arm-linux-gnueabihf/libc.so.6 /usr/lib/arm-linux-gnueabihf/libc_nonshared.a )",
        "usr/include/python3.11/pyconfig.h": "of no architecture",
        "usr/include/arm-linux-gnueabihf/python3.11/pyconfig.h": "of armhf",
        "usr/lib/python3.11/EXTERNALLY-MANAGED": "",
        "usr/share/doc/libm/copyright": "licence",
        "usr/share/doc/libm/changelog.gz": "",
        "usr/share/ca-certificates/mozilla/a.crt": "A\n",
        "usr/share/ca-certificates/mozilla/b.crt": "B\n",
        "bin/dash": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    links = {
        "usr/lib/arm-linux-gnueabihf/libm.so": "/lib/arm-linux-gnueabihf/libm.so.6",
        "usr/lib/python3.11/sitecustomize.py": "/etc/python3.11/sitecustomize.py",
        "usr/share/doc/libm-dev": "libm",
    }
    for name, goal in links.items():
        (root / name).symlink_to(goal)


@pytest.fixture
def sysroot(tmp_path: Path) -> Path:
    _packages(tmp_path / "unpacked")
    target.flatten(tmp_path / "unpacked", tmp_path / "sysroot")
    target.finish(tmp_path / "sysroot")
    return tmp_path / "sysroot"


def test_an_absolute_link_becomes_relative_and_holds_in_the_flat_place(sysroot: Path) -> None:
    link = sysroot / "usr/lib/libm.so"
    assert str(link.readlink()) == "libm.so.6"
    assert link.read_text() == "libm"


def test_a_link_to_nothing_is_not_kept(sysroot: Path) -> None:
    assert not os.path.lexists(sysroot / "usr/lib/python3.11/sitecustomize.py")


def test_a_linker_script_names_flat_paths(sysroot: Path) -> None:
    text = (sysroot / "usr/lib/libc.so").read_text()
    assert "GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a )" in text


def test_the_header_of_the_architecture_wins(sysroot: Path) -> None:
    assert (sysroot / "usr/include/python3.11/pyconfig.h").read_text() == "of armhf"


def test_what_the_packages_scripts_would_do_is_done(sysroot: Path) -> None:
    assert (sysroot / "bin/sh").resolve() == sysroot / "usr/bin/dash"
    assert (sysroot / "etc/ssl/certs/ca-certificates.crt").read_text() == "A\nB\n"
    assert not (sysroot / "usr/lib/python3.11/EXTERNALLY-MANAGED").exists()


def test_licences_are_kept_and_other_documents_are_not(sysroot: Path) -> None:
    assert (sysroot / "usr/share/doc/libm-dev/copyright").read_text() == "licence"
    assert not (sysroot / "usr/share/doc/libm/changelog.gz").exists()


# --- native sysroot


def _toolchain(root: Path) -> Path:
    """A program of the build machine in the place of a cross tool, with its libraries."""
    libraries = root / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    for name in ("libc.so.6", "ld-linux-x86-64.so.2"):
        shutil.copy(f"/lib/x86_64-linux-gnu/{name}", libraries / name)
    program = root / f"usr/bin/{native.TRIPLE}-echo-12"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/echo", program)
    return program


def test_tools_with_their_own_loader_run_through_links_and_after_a_move(tmp_path: Path) -> None:
    _toolchain(tmp_path / "sdk")
    native.arrange(tmp_path / "sdk", "12", own_loader=True)
    (tmp_path / "sdk").rename(tmp_path / "moved")
    tool = tmp_path / f"moved/usr/bin/{native.TRIPLE}/{native.TRIPLE}-echo"
    done = subprocess.run([tool, "a b", "c"], capture_output=True, text=True, check=True)
    assert done.stdout == "a b c\n"


def test_tools_find_their_libraries_relative_to_themselves(tmp_path: Path) -> None:
    program = _toolchain(tmp_path / "sdk")
    native.arrange(tmp_path / "sdk", "12", own_loader=False)
    done = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True)
    assert "(RPATH)" in done.stdout
    assert "[$ORIGIN/../lib/x86_64-linux-gnu]" in done.stdout


@pytest.mark.trap(17)
def test_a_driver_cannot_see_the_build_machines_cross_gcc(tmp_path: Path) -> None:
    program = _toolchain(tmp_path / "sdk")
    path = b"/usr/lib/gcc-cross/arm-linux-gnueabihf/12/../arm-linux-gnueabihf/include/finclude/\0"
    before = program.read_bytes() + path
    program.write_bytes(before)
    native.arrange(tmp_path / "sdk", "12", own_loader=True)
    after = next(program.parent.glob(".*.real")).read_bytes()
    assert len(after) == len(before)
    assert b"/include/finclude/" not in after


@pytest.mark.trap(17)
def test_the_toolchain_links_with_the_targets_runtime_libraries(tmp_path: Path) -> None:
    tools, sysroot = tmp_path / "tools", tmp_path / "sysroot"
    gcc = tools / f"usr/lib/gcc-cross/{native.TRIPLE}/12"
    copies = tools / "usr" / native.TRIPLE / "lib"
    for folder in (gcc, copies, sysroot / "usr/lib"):
        folder.mkdir(parents=True)
    for name, soname in (("libgfortran", "libgfortran.so.5"), ("libasan", "libasan.so.8")):
        (copies / soname).touch()
        (gcc / f"{name}.so").symlink_to(f"../../../../{native.TRIPLE}/lib/{soname}")
        (gcc / f"{name}.a").touch()
    (sysroot / "usr/lib/libgfortran.so.5").touch()
    native.adopt_runtime(tools, sysroot)
    assert str((sysroot / "usr/lib/libgfortran.so").readlink()) == "libgfortran.so.5"
    assert (sysroot / "usr/lib/libgfortran.a").is_file()
    assert [path for path in tools.rglob("lib*") if path.is_file() or path.is_symlink()] == []


# --- environment script


def _skeleton(root: Path) -> Path:
    """An SDK's three files and empty sysroots; returns the environment script."""
    (root / "sysroots" / BOOKWORM.target_system).mkdir(parents=True)
    (root / "sysroots" / BOOKWORM.native_system).mkdir()
    scripts.write(root, BOOKWORM)
    return root / "environment-setup-cortexa9hf-neon-debian-linux-gnueabi"


def _source(script: Path, shell: str = "bash", **env: str) -> subprocess.CompletedProcess[str]:
    command = '. "$1" && env -0'
    argv = [shell, "-c", command, shell, str(script)]
    return subprocess.run(
        argv, env={"PATH": os.defpath, **env}, capture_output=True, text=True, check=False, cwd="/"
    )


def test_the_script_exports_what_yoctos_does_and_no_fortran(tmp_path: Path) -> None:
    done = _source(_skeleton(tmp_path))
    variables = dict(item.split("=", 1) for item in done.stdout.split("\0") if item)
    shells_own = {"PWD", "SHLVL", "_", "OLDPWD"}
    assert set(variables) - shells_own == EXPORTED
    sysroot = tmp_path / "sysroots" / BOOKWORM.target_system
    assert variables["CC"] == (
        "arm-linux-gnueabihf-gcc  -mthumb -mfpu=neon -mfloat-abi=hard -mcpu=cortex-a9 "
        f"--sysroot={sysroot}"
    )
    assert variables["AR"] == "arm-linux-gnueabihf-ar"


def test_the_script_finds_the_sdk_after_a_move(tmp_path: Path) -> None:
    script = _skeleton(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    done = _source(tmp_path / "new" / script.name)
    assert f"SDKTARGETSYSROOT={tmp_path}/new/sysroots/" in done.stdout


def test_the_script_refuses_ld_library_path(tmp_path: Path) -> None:
    done = _source(_skeleton(tmp_path), LD_LIBRARY_PATH="/opt")
    assert done.returncode == 1
    assert "unset LD_LIBRARY_PATH" in done.stdout


def test_a_shell_that_does_not_tell_the_scripts_place_is_told_so(tmp_path: Path) -> None:
    done = _source(_skeleton(tmp_path), shell="dash")
    assert done.returncode == 1
    assert "from the SDK's folder" in done.stdout


# --- making one, and errors


def _create(
    destination: Path, cache: Path, definition: Definition = BOOKWORM, **options: str
) -> Path:
    return reference_sdk.create(definition, destination, Console(), cache, **options)


@pytest.mark.parametrize(
    ("mirror", "words"),
    [
        (NOWHERE, "does not have a Release file"),
        # the discard port refuses at once, but apt tries it again and again
        pytest.param("http://127.0.0.1:9/", "Could not connect", marks=pytest.mark.slow),
    ],
)
def test_a_mirror_out_of_reach_is_named_and_leaves_nothing(
    tmp_path: Path, mirror: str, words: str
) -> None:
    with pytest.raises(IndexUnreachableError, match=mirror) as caught:
        _create(tmp_path / "sdks/mine", tmp_path / "cache", mirror=mirror)
    assert words in caught.value.evidence
    assert "--mirror" in caught.value.cure
    assert list((tmp_path / "sdks").iterdir()) == []


@pytest.mark.slow
def test_a_mirror_that_is_half_updated(tmp_path: Path) -> None:
    """Its signed list is that of Debian, and its packages are not those that the list names."""
    suite = tmp_path / "mirror/dists/bookworm"
    with urllib.request.urlopen(f"{debian.build_machine_mirror()}dists/bookworm/InRelease") as real:
        (suite / "main/binary-armhf").mkdir(parents=True)
        (suite / "InRelease").write_bytes(real.read())
    (suite / "main/binary-armhf/Packages.xz").write_bytes(lzma.compress(b"Package: x\n"))
    with pytest.raises(IndexUnreachableError) as caught:
        _create(tmp_path / "sdk", tmp_path / "cache", mirror=f"file://{tmp_path}/mirror/")
    assert debian.HALF_UPDATED in caught.value.evidence
    assert "try again in an hour" in caught.value.cure


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / "sdks/.mine.abcdef"
    left.mkdir(parents=True)
    with pytest.raises(IndexUnreachableError):
        _create(tmp_path / "sdks/mine", tmp_path / "cache", mirror=NOWHERE)
    assert not left.exists()


def test_a_path_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="space"):
        _create(tmp_path / "my sdk", tmp_path / "cache")


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(ConfigurationError, match="something other than a reference SDK"):
        _create(tmp_path, tmp_path / "cache")
    assert (tmp_path / "precious").exists()


def test_a_machine_without_apt_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="apt-get") as caught:
        _create(tmp_path / "sdk", tmp_path / "cache")
    assert "SDK=DIR" in caught.value.cure


def test_a_current_sdk_is_not_made_again_and_a_changed_definition_makes_it_stale(
    tmp_path: Path,
) -> None:
    record = {"key": factory.key(BOOKWORM)}
    (tmp_path / "reference-sdk.json").write_text(json.dumps(record))
    assert _create(tmp_path, tmp_path / "cache", mirror=NOWHERE) == tmp_path
    assert reference_sdk.is_current(BOOKWORM, tmp_path)
    other = BOOKWORM.model_copy(update={"suite": "sid"})
    assert not reference_sdk.is_current(other, tmp_path)
    elsewhere = BOOKWORM.model_copy(update={"mirror": "http://mirror.example/debian"})
    assert reference_sdk.is_current(elsewhere, tmp_path)


def test_a_damaged_package_is_removed_to_be_fetched_again(tmp_path: Path) -> None:
    package = tmp_path / "libc6_2.36_armhf.deb"
    package.write_bytes(b"half of it")
    with pytest.raises(CommandError, match=r"libc6_2\.36_armhf\.deb is damaged") as caught:
        debian.unpack([package], tmp_path / "out", tmp_path / "log")
    assert "run the same command again" in caught.value.cure
    assert not package.exists()


def test_apt_gets_the_build_machines_proxy_but_none_of_its_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "apt.conf"
    machine.write_text(
        'Acquire::http::Proxy "http://proxy.example:3128";\n'
        'APT::Update::Post-Invoke-Success { "touch /hooked"; };\n'
    )
    monkeypatch.setattr(debian, "run", _with_apt_config(machine))
    apt = debian.Apt(NOWHERE, "bookworm", "armhf", tmp_path / "apt", tmp_path / "log")
    text = apt._settings()
    assert 'Acquire::http::Proxy "http://proxy.example:3128";' in text
    assert "Post-Invoke" not in text


def _with_apt_config(path: Path):  # type: ignore[no-untyped-def]
    from crossbuild.core.command import clean_environment, run

    def run_with(argv: list[str], **options: object) -> object:
        options["env"] = clean_environment(APT_CONFIG=str(path))
        return run(argv, **options)  # type: ignore[arg-type]

    return run_with


# --- OpenBLAS for the board


def test_the_source_version_has_no_binary_rebuilds_suffix() -> None:
    rebuilt = [Path("libopenblas0-pthread_0.3.26+ds-1+b1_armhf.deb")]
    updated = [Path("libopenblas0-pthread_0.3.13+ds-3+deb11u1_armhf.deb")]
    assert openblas._source_version(rebuilt) == "0.3.26+ds-1"
    assert openblas._source_version(updated) == "0.3.13+ds-3+deb11u1"


def test_nothing_of_debians_openblas_stays_beside_the_built_one(tmp_path: Path) -> None:
    built, sysroot = tmp_path / "built", tmp_path / "sysroot"
    for folder in (built, sysroot):
        (folder / "usr/lib").mkdir(parents=True)
    for name in ("libopenblas_armv6p-r0.3.21.so", "libblas.so.3", "liblapack.a", "libm.so.6"):
        (sysroot / "usr/lib" / name).write_text("Debian's")
    (sysroot / "usr/lib/libopenblas.so.0").symlink_to("libopenblas_armv6p-r0.3.21.so")
    (built / "usr/lib/libopenblas.so.0").write_text("ours")
    (built / "usr/lib/libopenblas.so").symlink_to("libopenblas_cortexa9p-r0.3.21.so")
    openblas._install(built, sysroot)
    texts = {path.name: path.read_text() for path in (sysroot / "usr/lib").iterdir()}
    assert texts.pop("libm.so.6") == "Debian's"
    assert set(texts.values()) == {"ours"}
    assert {"libopenblas.so", "libblas.so.3", "liblapack.so.3"} < set(texts)


def test_a_machine_that_cannot_build_openblas_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="without make, gcc, dpkg-source") as caught:
        openblas._require_tools()
    assert "build-essential" in caught.value.cure


# --- the real ones, made from the mirror and used as a user would


_PROGRAMS = {
    "hello.c": """
        #include <math.h>
        #include <stdio.h>
        #include <zlib.h>
        int main(int n, char **words)
        { return printf("%.4f %d\\n", sqrt(n * 2.0), zlibVersion()[0] == '1') < 0; }
        """,
    "throw.cc": """
        #include <iostream>
        #include <stdexcept>
        #include <string>
        int main()
        { try { throw std::runtime_error("up"); } catch (const std::exception &e)
          { std::cout << std::string(e.what()) << std::endl; } }
        """,
    "solve.f90": """
        program solve
          double precision :: a(2,2) = reshape((/2d0,1d0,1d0,3d0/), (/2,2/)), b(2) = (/3d0,5d0/)
          integer :: pivots(2), status
          call dgesv(2, 1, a, 2, pivots, b, 2, status)
          print '(2F7.3,I2)', b, status
        end program
        """,
}
_PRINTED = {"hello.c": "1.4142 1\n", "throw.cc": "up\n", "solve.f90": "  0.800  1.400 0\n"}
_COMPILE = {
    "hello.c": "$CC $CFLAGS $LDFLAGS -v hello.c -o hello.c.out -lz -lm",
    "throw.cc": "$CXX $CXXFLAGS $LDFLAGS -v throw.cc -o throw.cc.out",
    "solve.f90": "${CC/-gcc /-gfortran } $LDFLAGS -v solve.f90 -o solve.f90.out -lopenblas",
}


@pytest.fixture(scope="module", params=["debian-bookworm", "debian-bullseye", "debian-trixie"])
def moved_sdk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Definition, Path]]:
    """A real reference SDK, made in one folder and moved to another."""
    definition = reference_sdk.load(request.param)
    folder = tmp_path_factory.mktemp(definition.suite)
    create_sdk(definition, folder / "made")
    yield definition, (folder / "made").rename(folder / "moved")
    remove_tree(folder)  # 300 MB


def _in_sdk(sdk: Path, command: str, cwd: Path) -> str:
    line = f'. "{sdk}"/environment-setup-* && {command}'
    done = subprocess.run(
        ["bash", "-c", line],
        env={"PATH": os.defpath, "QEMU_CPU": "cortex-a9"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", _PROGRAMS)
def test_a_moved_sdk_compiles_what_runs_on_the_board(
    moved_sdk: tuple[Definition, Path], tmp_path: Path, name: str
) -> None:
    _, sdk = moved_sdk
    (tmp_path / name).write_text(_PROGRAMS[name])
    chatter = _in_sdk(sdk, _COMPILE[name], tmp_path)
    searched = {os.path.normpath(word) for word in chatter.split() if word.startswith("/")}
    outside = {path for path in searched if not Path(path).is_relative_to(sdk.parent)}
    assert {path for path in outside if path.startswith(("/usr", "/opt", "/home"))} == set()
    printed = _in_sdk(sdk, f"qemu-arm-static -L $SDKTARGETSYSROOT ./{name}.out", tmp_path)
    assert printed == _PRINTED[name]


@pytest.mark.slow
def test_the_targets_python_runs(moved_sdk: tuple[Definition, Path], tmp_path: Path) -> None:
    definition, sdk = moved_sdk
    python = f"$SDKTARGETSYSROOT/usr/bin/python{definition.python}"
    code = "import bz2, ctypes, hashlib, lzma, sqlite3, ssl, zlib; import sys; print(sys.version)"
    emulated = f"qemu-arm-static -L $SDKTARGETSYSROOT {python}"
    assert _in_sdk(sdk, f"{emulated} -c '{code}'", tmp_path).startswith(f"{definition.python}.")
    assert _in_sdk(sdk, f"{emulated} -m pip --version", tmp_path).startswith("pip ")


@pytest.mark.slow
def test_openblas_is_the_defined_one_and_asks_for_no_executable_stack(
    moved_sdk: tuple[Definition, Path], tmp_path: Path
) -> None:
    definition, sdk = moved_sdk
    (tmp_path / "say.c").write_text(
        "#include <cblas.h>\n#include <stdio.h>\nint main() { puts(openblas_get_config()); }\n"
    )
    _in_sdk(sdk, "$CC say.c -o say -lopenblas", tmp_path)
    said = _in_sdk(sdk, "qemu-arm-static -L $SDKTARGETSYSROOT ./say", tmp_path)
    assert ("CORTEXA9 MAX_THREADS=4" if definition.openblas else "ARMV6") in said
    headers = _in_sdk(
        sdk, "$READELF -lW $SDKTARGETSYSROOT/usr/lib/libopenblas.so.0 | grep GNU_STACK", tmp_path
    )
    # Debian 11's own has the flag: bundling clears it in a wheel
    assert (" RW " if definition.openblas else " RW") in headers
