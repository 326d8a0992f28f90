"""docker/Dockerfile without Docker: built by buildah, on a system made by mmdebstrap."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.programs import program

ROOT = Path(__file__).parents[2]

#: What this machine trusts, and where its pip looks, as a company's container would have it too.
GIVEN = [
    words
    for path in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
    for words in ("-v", f"{path}:{path}:ro")
    if Path(path).is_file()
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("CROSSBUILD_NIGHTLY" not in os.environ, reason="minutes: make nightly"),
    pytest.mark.skipif(os.geteuid() != 0, reason="an image is made as root"),
]


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs buildah with a store of the test's own."""
    store = tmp_path_factory.mktemp("store")
    words = [program("buildah", "buildah"), "--storage-driver", "vfs"]
    words += ["--root", str(store / "images"), "--runroot", str(store / "run")]

    def run(*arguments: str) -> str:
        ended = subprocess.run(
            [*words, *arguments],
            env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    return run


@pytest.fixture(scope="module")
def image(buildah: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The factory's image, on one of Debian's packages."""
    folder = tmp_path_factory.mktemp("base")
    system = ["--variant=minbase", "--include=ca-certificates", "bookworm", "base.tar"]
    subprocess.run(["mmdebstrap", "--quiet", *system], cwd=folder, check=True)
    (folder / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
    buildah("build", "-t", "base", str(folder))
    own = ["--build-arg", "BASE=localhost/base", "-f", str(ROOT / "docker/Dockerfile")]
    buildah("build", "--network=host", *GIVEN, *own, "-t", "crossbuild", str(ROOT))
    return "localhost/crossbuild"


def test_a_wheel_is_made_and_proven_in_it(
    buildah: Callable[..., str],
    image: str,
    reference_sdk_root: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    container = buildah("from", image).split()[-1]
    volumes: Sequence[str] = [
        *("-v", f"{reference_sdk_root('debian-bookworm')}:/opt/sdk:ro"),
        *("-v", f"{tmp_path}:/project"),
    ]

    def crossbuild(*words: str) -> str:
        options = ["--network=host", *GIVEN, *volumes, container, "--"]
        return buildah("run", *options, "crossbuild", *words)

    crossbuild("wheels", "--sdk", "/opt/sdk", "markupsafe")
    (wheel,) = (tmp_path / "wheelhouse").glob("markupsafe-*-linux_armv7l.whl")
    assert wheel.name.split("-")[2] == "cp311"
    told = crossbuild("verify", "--sdk", "/opt/sdk", "markupsafe")
    assert "✓ import modules of markupsafe on emulated" in told
    # Its rights allow no namespaces: the board does with less, and says so.
    assert "no namespaces: this board shares the build machine's network and has no /proc" in told
