"""Reading SDKs: the reference SDK as it is, moved, and spoilt."""

import os
import subprocess
from pathlib import Path

import pytest

from crossbuild.core import digests
from crossbuild.core.command import run, try_run
from crossbuild.core.errors import SdkError
from crossbuild.sdk import compiler
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from tests.support.sdk_copy import edit, hard_linked


@pytest.fixture
def moved(bookworm: Sdk, tmp_path: Path) -> Path:
    """The reference SDK, as if it had been moved there."""
    return hard_linked(bookworm.root, tmp_path / "sdk")


def script(root: Path) -> Path:
    return next(root.glob("environment-setup-*"))


def test_the_reference_sdk(bookworm: Sdk) -> None:
    assert bookworm.triple == "arm-linux-gnueabihf"
    assert bookworm.glibc_version == "2.36"
    assert "-mcpu=cortex-a9" in bookworm.tools.cc
    assert bookworm.tools.fortran is not None
    assert bookworm.tools.fortran[0].endswith("-gfortran")
    assert bookworm.find_library("libopenblas.so") is not None
    assert all(folder.is_relative_to(bookworm.target_sysroot) for folder in bookworm.library_dirs)


def test_a_moved_sdk_is_the_same_sdk(bookworm: Sdk, moved: Path) -> None:
    read = read_sdk(moved)
    assert read.content_id == bookworm.content_id
    assert Path(read.tools.cc[0]).is_relative_to(moved)


def test_another_library_is_another_sdk(bookworm: Sdk, moved: Path) -> None:
    library = next(moved.glob("sysroots/cortexa9*/usr/lib/libz.so.1.*"))
    content = library.read_bytes()
    library.unlink()
    library.write_bytes(content + b"\0")
    assert read_sdk(moved).content_id != bookworm.content_id


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("usr/bin/zed-config", "#!/bin/sh\necho -DZED\n"),
        ("opt/vendor/lib/libvendor.so.1", "any"),
        ("usr/local/lib/liblocal.so.1", "any"),
    ],
)
def test_what_a_build_may_ask_or_bundle_counts(
    name: str, text: str, bookworm: Sdk, moved: Path
) -> None:
    path = moved / bookworm.target_sysroot.relative_to(bookworm.root) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    assert read_sdk(moved).content_id != bookworm.content_id


def test_the_digest_index_changes_no_answer(
    bookworm: Sdk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Copies of other tests have just linked the same files, which counts as a change.
    monkeypatch.setattr(digests, "_SETTLED", 0.0)
    first = read_sdk(bookworm.root, cache=tmp_path)
    assert any(tmp_path.iterdir())
    assert read_sdk(bookworm.root, cache=tmp_path).content_id == first.content_id


@pytest.mark.trap(9)
def test_words_of_the_users_session_do_not_reach_the_script(
    bookworm: Sdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib")
    monkeypatch.setenv("CFLAGS", "-DUSERS_OWN")
    assert "-DUSERS_OWN" not in read_sdk(bookworm.root).variables.get("CFLAGS", "")


def test_make_from_a_shell_in_which_an_old_script_was_sourced(tmp_path: Path) -> None:
    sourced = {"PYTHONHOME": "/opt/poky/usr", "OPENSSL_CONF": "/opt/poky/openssl.cnf"}
    done = subprocess.run(
        ["make", "doctor", f"SDK={tmp_path}/none"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **sourced},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"there is no SDK at {tmp_path}/none" in done.stdout + done.stderr


@pytest.mark.trap(12)
def test_c_only_words_stay_out_of_fortran(moved: Path) -> None:
    edit(script(moved), "-mthumb ", "-mthumb -Wformat -Werror=format-security -D_FORTIFY_SOURCE=2 ")
    tools = read_sdk(moved).tools
    assert "-Werror=format-security" in tools.cc
    assert tools.fortran is not None
    assert not [word for word in tools.fortran if word.startswith(("-W", "-D"))]
    assert "-mthumb" in tools.fortran


@pytest.mark.trap(16)
@pytest.mark.parametrize("quotes", [("", ""), ("'", "'"), ("\u2018", "\u2019")])
def test_the_warning_of_words_that_conflict_in_each_releases_spelling(
    quotes: tuple[str, str],
) -> None:
    before, after = quotes
    said = f"warning: switch {before}-mcpu=cortex-a9{after} conflicts with {before}-march=armv7-a"
    found = compiler.CONFLICT.search(said)
    assert found is not None
    assert found[1] == "cortex-a9"


@pytest.mark.trap(16)
def test_words_of_old_scripts_that_conflict_are_said_without_the_warning(moved: Path) -> None:
    edit(script(moved), "-mcpu=cortex-a9 ", "-march=armv7-a -mcpu=cortex-a9 ")
    tools = read_sdk(moved).tools
    assert tools.fortran is not None
    for words in (tools.cc, tools.cxx, tools.fortran):
        assert {"-march=armv7-a", "-mtune=cortex-a9"} < set(words)
    program = "int f(int a, int b) { __builtin_prefetch(&a, 1); return a / b; }\n"
    call = ["-O2", "-S", "-x", "c", "-", "-o", "-"]
    as_written = [word.replace("-mtune", "-mcpu") for word in tools.cc]
    refused = try_run([*as_written, "-Werror", *call], stdin=program)
    assert "conflicts" in refused.output
    compiled = run([*tools.cc, "-Werror", *call], stdin=program).output
    assert "__aeabi_idiv" in compiled
    assert run([*as_written, *call], stdin=program).output.endswith(compiled)


def test_gfortran_may_lie_elsewhere_in_the_native_sysroot(moved: Path) -> None:
    (beside,) = moved.glob("sysroots/x86_64-*/usr/bin/*/*-gfortran")
    elsewhere = beside.parents[1] / beside.name
    beside.unlink()
    elsewhere.symlink_to(f"{beside.name}-12")
    tools = read_sdk(moved).tools
    assert tools.fortran is not None
    assert tools.fortran[0] == str(elsewhere)


@pytest.mark.trap(13)
def test_a_gfortran_of_the_build_machine_is_not_taken(
    moved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in moved.glob("sysroots/x86_64-*/usr/bin/**/*gfortran*"):
        path.unlink()
    own = tmp_path / "bin/arm-linux-gnueabihf-gfortran"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{own.parent}:{os.environ['PATH']}")
    assert read_sdk(moved).tools.fortran is None


@pytest.mark.parametrize(
    ("old", "new", "told", "cure"),
    [
        ("-mfloat-abi=hard", "-mfloat-abi=soft", "soft float", "DEFAULTTUNE"),
        ("-mcpu=cortex-a9", "-march=armv6", "ARMv6", "DEFAULTTUNE"),
        ("export SDKTARGETSYSROOT=", "return 1; export X=", "failed", "relocate"),
        ("export SDKTARGETSYSROOT=", "exit 3; export X=", "failed", "relocate"),
    ],
)
def test_spoilt_scripts_are_told(moved: Path, old: str, new: str, told: str, cure: str) -> None:
    edit(script(moved), old, new)
    with pytest.raises(SdkError) as caught:
        read_sdk(moved)
    assert told in caught.value.what
    assert caught.value.evidence
    assert cure in caught.value.cure


def test_a_hook_that_ends_with_a_false_test_is_no_failure(moved: Path) -> None:
    hook = read_sdk(moved).native_sysroot / "environment-setup.d/zlib.sh"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('[ -n "$NOT_SET" ] && export CFLAGS="-DNOT_SET"\n')
    assert read_sdk(moved).root == moved


def test_a_compiler_for_another_machine_is_told(moved: Path) -> None:
    gcc = next(moved.glob("sysroots/x86_64-*/usr/bin/**/arm-linux-gnueabihf-gcc"))
    gcc.unlink()
    gcc.write_text('#!/bin/sh\ncase "$*" in *-dumpmachine*) echo aarch64-poky-linux;; esac\n')
    gcc.chmod(0o755)
    with pytest.raises(SdkError, match="the SDK is for aarch64"):
        read_sdk(moved)


def test_a_compiler_that_does_not_start_is_told(moved: Path) -> None:
    gcc = next(moved.glob("sysroots/x86_64-*/usr/bin/**/arm-linux-gnueabihf-gcc"))
    gcc.unlink()
    gcc.write_text("#!/no/such/loader\n")
    gcc.chmod(0o755)
    with pytest.raises(SdkError) as caught:
        read_sdk(moved)
    assert "does not start" in caught.value.what
    assert "installer" in caught.value.cure


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(SdkError, match="there is no SDK at"):
        read_sdk(tmp_path / "nowhere")


def test_a_folder_that_is_no_sdk(tmp_path: Path) -> None:
    with pytest.raises(SdkError) as caught:
        read_sdk(tmp_path)
    assert "is no SDK" in caught.value.what
    assert "populate_sdk" in caught.value.cure


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my sdk", "spaces"),
        ("sdk@2%20x", "the character %"),
        ("with:colon", "the character :"),
        ("o'brien", "the character '"),
        ("a$b", r"the character \$"),
    ],
)
def test_a_path_that_is_misread(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(SdkError, match=f"must not contain {said}"):
        read_sdk(tmp_path / name)


def test_its_script_names_an_sdk_as_well(moved: Path) -> None:
    other = moved / "environment-setup-armv7vehf-neon-poky-linux-gnueabi"
    other.write_text(script(moved).read_text())
    assert read_sdk(other).script == other
    assert read_sdk(other).root == moved


def test_a_link_to_an_sdk_is_that_sdk(moved: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(moved)
    assert read_sdk(link).root == moved
    assert read_sdk(link).content_id == read_sdk(moved).content_id


def test_a_folder_of_an_sdk_names_the_one_to_give(moved: Path) -> None:
    with pytest.raises(SdkError) as caught:
        read_sdk(moved / "sysroots")
    assert caught.value.cure == f"give the folder above it, --sdk {moved} (make: SDK={moved})"


def test_an_installer_is_no_sdk_yet(tmp_path: Path) -> None:
    installer = tmp_path / "poky-glibc-x86_64-core-image-cortexa9hf-neon-toolchain-3.0.sh"
    installer.touch()
    with pytest.raises(SdkError) as caught:
        read_sdk(installer)
    assert caught.value.evidence == "it is a file"
    assert "installer" in caught.value.cure


def test_several_environments_must_be_chosen_from(moved: Path) -> None:
    other = moved / "environment-setup-armv7vehf-neon-poky-linux-gnueabi"
    other.write_text(script(moved).read_text())
    with pytest.raises(SdkError) as caught:
        read_sdk(moved)
    assert "armv7vehf-neon-poky-linux-gnueabi" in caught.value.evidence
    assert f"SDK={other}" in caught.value.cure
    chosen = read_sdk(moved, environment="armv7vehf-neon-poky-linux-gnueabi")
    assert chosen.script == other
    with pytest.raises(SdkError, match="no environment 'mips'"):
        read_sdk(moved, environment="mips")
