"""The Yocto release of an SDK, which tells the syntax of its recipes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbuild.sdk import release


@pytest.mark.parametrize(
    ("distro", "glibc", "name", "override", "doubt"),
    [
        ("2.4", "2.26", "rocko", "_", False),
        ("2.6.4", "2.28", "thud", "_", False),
        ("3.0.2", "2.30", "zeus", "_", False),
        ("3.1.33", "2.31", "dunfell", "_", False),
        ("3.4.4", "2.34", "honister", ":", False),
        ("4.0.10", "2.35", "kirkstone", ":", False),
        ("5.4-zeus", "2.30", "zeus", "_", False),
        ("4.14-sumo", "2.27", "sumo", "_", False),
        ("7.2", "2.31", "", "_", False),
        ("nodistro.0", "2.39", "", ":", False),
        ("5.10.72-2.2.1", "2.33", "", "_", False),
        ("5.0.0", "2.31", "", "_", True),
        ("4.1.15-2.1.0", "2.24", "", "_", True),
        ("2.6.2", "2.39", "", ":", True),
        ("3.1.33", "", "dunfell", "_", False),
        ("", "", "", ":", True),
    ],
)
def test_the_release_tells_the_syntax(
    distro: str, glibc: str, name: str, override: str, doubt: bool
) -> None:
    found = release.find([distro], glibc)
    assert (found.name, found.override, bool(found.doubt)) == (name, override, doubt)


@given(text=st.text(max_size=30), glibc=st.text(max_size=10))
def test_any_version_string_has_a_syntax(text: str, glibc: str) -> None:
    assert release.find([text], glibc).override in {"_", ":"}
