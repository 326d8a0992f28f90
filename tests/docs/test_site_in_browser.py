"""The documentation site in a browser: found by its search, and read without another host.

Screenshots are kept in build/screenshots.
"""

import functools
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.browsers import started
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build/screenshots"

#: The search draws itself into a tree of its own.
_FOCUSED = """
    let one = document.activeElement;
    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one.tagName;
"""
_SHOWN = """
    const texts = node => [...node.querySelectorAll("*")].flatMap(
        one => one.shadowRoot ? [one.shadowRoot.textContent, ...texts(one.shadowRoot)] : []);
    return [document.body.innerText, ...texts(document)].join(" ");
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server has the site."""
    subprocess.run([sys.executable, ROOT / "docs/build_site.py"], check=True)
    handler = functools.partial(_Quiet, directory=str(ROOT / "build/site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def requested(browser: webdriver.Chrome) -> set[str]:
    """The addresses that the browser asked for since it was asked the last time."""
    entries = browser.get_log("performance")  # type: ignore[no-untyped-call]
    logged = (json.loads(one["message"])["message"] for one in entries)
    return {
        one["params"]["request"]["url"]
        for one in logged
        if one["method"] == "Network.requestWillBeSent"
    }


def test_pages_are_found_and_nothing_comes_from_elsewhere(address: str, tmp_path: Path) -> None:
    with started(tmp_path / "profile") as browser:
        browser.set_window_size(1280, 900)
        browser.get(f"{address}/index.html")
        browser.find_element(By.CSS_SELECTOR, "button.md-search__button").click()
        until(lambda: browser.execute_script(_FOCUSED) == "INPUT")
        browser.execute_cdp_cmd("Input.insertText", {"text": "gfortran"})
        until(lambda: "My SDK lacks Fortran" in browser.execute_script(_SHOWN))
        for width in (390, 1280):
            browser.set_window_size(width, 900)
            browser.get(f"{address}/commands.html")
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= browser.execute_script("return window.innerWidth")
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            browser.save_screenshot(str(SCREENSHOTS / f"site-{width}.png"))
        logged = browser.get_log("browser")  # type: ignore[no-untyped-call]
        assert [one["message"] for one in logged] == []
        told = requested(browser)
        assert f"{address}/search.json" in told
        assert {one for one in told if one.startswith("http")} == {
            one for one in told if one.startswith(address)
        }
