"""A version of Python and its other spellings."""

import json

import pytest

from crossbuild.core.python_version import PythonVersion


@pytest.mark.parametrize(
    ("text", "tag", "abi_tag", "soabi"),
    [
        ("3.5", "cp35", "cp35m", "cpython-35m-arm-linux-gnueabihf"),
        ("3.7", "cp37", "cp37m", "cpython-37m-arm-linux-gnueabihf"),
        ("3.8", "cp38", "cp38", "cpython-38-arm-linux-gnueabihf"),
        ("3.14", "cp314", "cp314", "cpython-314-arm-linux-gnueabihf"),
    ],
)
def test_what_tags_and_files_call_it(text: str, tag: str, abi_tag: str, soabi: str) -> None:
    version = PythonVersion(text)
    assert (version.tag, version.abi_tag, version.soabi) == (tag, abi_tag, soabi)


def test_it_is_the_text_that_json_and_paths_take() -> None:
    assert json.dumps({"python": PythonVersion("3.7")}) == '{"python": "3.7"}'
    assert f"python{PythonVersion('3.7')}" == "python3.7"
