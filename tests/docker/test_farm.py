"""The build farm of docker/compose.yaml: compiled by its hosts, shared, and installed from."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.board.isolation import Isolation
from crossbuild.core import defaults
from tests.support import projects
from tests.support.compose import Compose, compose
from tests.support.programs import program

#: Compiled side by side, so that each host gets some.
SIDE_BY_SIDE = {"setup.cfg": "[build_ext]\nparallel = 4\n"}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="networks of its own need root")


def wheels(services: Compose) -> str:
    """What the factory tells."""
    ended = services.run("factory", "/opt/crossbuild/.venv/bin/crossbuild", "wheels", "./parts")
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


@pytest.mark.slow
def test_a_farm_builds_and_a_board_installs_from_its_index(
    reference_sdk_root: Callable[[str], Path],
    board: EmulatedBoard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, package in (("distccd", "distcc"), ("redis-server", "redis-server")):
        program(name, package)
    program("nginx", "nginx-light")
    project = tmp_path / "project"
    modules = {
        "setup.py": "from setuptools import Extension, setup\n"
        'setup(ext_modules=[Extension(n, [n + ".c"]) for n in ("parts", "b", "c", "d")])\n',
        **{
            f"{name}.c": projects.EXTENSION["{name}.c"].replace("{name}", name)
            for name in ("b", "c", "d")
        },
    }
    projects.write(project / "parts", {**SIDE_BY_SIDE, **modules})
    (project / "wheelhouse").mkdir()

    def cache(name: str) -> str:
        """An empty cache of objects, beside what was downloaded already."""
        folder = tmp_path / name
        folder.mkdir()
        (folder / "crossbuild").symlink_to(defaults.CACHE)
        return str(folder)

    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    settings = {
        "SDK": str(reference_sdk_root("debian-bookworm")),
        "PROJECT": str(project),
        "cache": cache("one"),
    }
    tmp_path.chmod(0o755)
    hosts = ("compile-host-one", "compile-host-two")
    with (
        compose(tmp_path, settings) as services,
        services.up(*(f"{host}:3632" for host in hosts), "objects:6379", "index:8080"),
    ):
        told = wheels(services)
        assert "0 of 4 cached, 4 on the farm" in told, told
        assert all("COMPILE_OK" in services.log(host) for host in hosts)

        settings["cache"] = cache("two")
        (project / "build").rename(tmp_path / "build of one")
        told = wheels(services)
        assert "4 of 4 cached (4 by others)" in told, told

        index = services.addresses["index"]
        networked = replace(board, isolation=Isolation.CHROOT)
        install = ["install", "-i", f"http://{index}:8080/simple", "--trusted-host", index]
        networked.run([*networked.pip, *install, "parts"])
        imported = networked.run([*networked.python, "-c", "import parts; print(parts.__file__)"])
        assert "/parts.cpython-311-arm-linux-gnueabihf.so" in imported.output
