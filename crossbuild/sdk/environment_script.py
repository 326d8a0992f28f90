"""The environment script of an SDK: chosen, sourced in a clean shell, and read by its effect."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import try_run
from crossbuild.core.errors import SdkError

SCRIPT_PREFIX = "environment-setup-"

#: The shell that sources the script sees nothing else of the user's session.
BARE = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def scripts(root: Path) -> tuple[Path, ...]:
    """The environment scripts of an SDK, sorted by name (multilib SDKs have several)."""
    return tuple(sorted(root.glob(f"{SCRIPT_PREFIX}*")))


def choose(root: Path, environment: str | None) -> Path:
    """The environment script to source; *root* may also be the script itself.

    :raises SdkError: *root* is no SDK, or it has several scripts and none was chosen
    """
    if root.is_file() and root.name.startswith(SCRIPT_PREFIX):
        root, environment = root.parent, environment or root.name
    if not root.is_dir():
        raise SdkError(
            f"there is no SDK at {root}",
            evidence="it is a file" if root.exists() else "the folder does not exist",
            cure="give the folder into which the Yocto SDK's installer put it, "
            "e.g. --sdk /opt/poky/3.0 (make: SDK=/opt/poky/3.0)",
        )
    # GCC fills "%2" and its like in the folder that it finds itself in.
    if character := files.misread(root, "%"):
        raise SdkError(
            f"an SDK's path must not contain {character}",
            evidence=str(root),
            cure="install the SDK elsewhere, such as below /opt: its compiler reads its own path",
        )
    fitting = scripts(root)
    if environment is not None:
        wanted = environment.removeprefix(SCRIPT_PREFIX)
        fitting = tuple(path for path in fitting if path.name == SCRIPT_PREFIX + wanted)
    if len(fitting) == 1:
        return fitting[0]
    names = [path.name.removeprefix(SCRIPT_PREFIX) for path in scripts(root)]
    if not names:
        what = _part_of_a_build(root)
        raise SdkError(
            f"{root} is no SDK",
            evidence=f"it holds no {SCRIPT_PREFIX}* script{what and f'; it is {what}'}",
            cure=_elsewhere(root),
        )
    raise SdkError(
        f"the SDK at {root} has no environment {environment!r}"
        if environment
        else f"the SDK at {root} has several environments",
        evidence=f"environments: {', '.join(names)}",
        cure=f"choose one, e.g. --environment {names[0]} (make: SDK={scripts(root)[0]})",
    )


def _part_of_a_build(root: Path) -> str:
    """What of a build system's folders *root* is, by the names that bitbake gives."""
    if (root / "conf/sdk-conf-manifest.json").exists() or (root / ".devtoolbase").exists():
        return "an extensible SDK whose toolchain is not installed (devtool sdk-install -s does)"
    if {"sysroots-components", "recipe-sysroot", "recipe-sysroot-native"} & set(root.parts):
        return "a sysroot of a build tree, without a script that tells how it is used"
    if (root / "sysroots-components").is_dir() or (root / "recipe-sysroot").is_dir():
        return "a folder of a build tree, which holds sysroots but no SDK"
    return ""


def _elsewhere(root: Path) -> str:
    """Where the user may have meant: the SDK that *root* is a part of, if it is one."""
    if above := next((folder for folder in root.parents if scripts(folder)), None):
        return f"give the folder above it, --sdk {above} (make: SDK={above})"
    return (
        "give the folder that holds environment-setup-… and sysroots/ "
        "(bitbake -c populate_sdk IMAGE makes its installer)"
    )


def source(script: Path) -> dict[str, str]:
    """Source the script in a clean shell and return the variables it sets or changes.

    :raises SdkError: the script failed
    """
    with tempfile.TemporaryDirectory(prefix="crossbuild-sdk-") as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        # `env` by its full path: the script puts the SDK's programs first on PATH.
        code = 'e=/usr/bin/env; $e -0 >"$2"; . "$1"; s=$?; $e -0 >"$3"; exit $s'
        done = try_run(
            ["bash", "--noprofile", "--norc", "-c", code, "sdk", script, before, after],
            env={**BARE, "HOME": folder},
            cwd=Path(folder),
            timeout=60,
        )
        old, new = _environment(before), _environment(after)
    # A hook's last test that is false makes the status 1 and does no harm.
    if done.status != 0 and not _came_to_its_end(script, new):
        raise SdkError(
            f"the environment script {script} failed",
            evidence=f"exit status {done.status}: {done.output.strip()[-800:]}",
            cure="source it in a shell to see; an SDK that was moved must be relocated "
            "(run its relocate script or its installer again)",
        )
    return {name: value for name, value in new.items() if old.get(name) != value}


def _came_to_its_end(script: Path, variables: Mapping[str, str]) -> bool:
    """Whether the last variable that the script exports is there."""
    exported = re.findall(r"^export (\w+)=", script.read_text(errors="replace"), re.MULTILINE)
    return bool(exported) and exported[-1] in variables


def _environment(dump: Path) -> dict[str, str]:
    text = dump.read_bytes() if dump.exists() else b""  # the script may have ended the shell
    entries = text.decode(errors="surrogateescape").split("\0")
    pairs = (entry.partition("=") for entry in entries if "=" in entry)
    return {name: value for name, _, value in pairs if name not in {"_", "SHLVL", "OLDPWD"}}
