"""Chromium without a screen, for tests of pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.support.programs import program

#: No host but this one, no profile of the user's, nothing that a browser does on its own.
OPTIONS = (
    *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync"),
    *("disable-background-networking", "disable-component-update", "hide-scrollbars"),
    "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@contextmanager
def started(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser that runs for the block.

    :param profile: a folder that it may fill
    """
    driver = program("chromedriver", "chromium-driver")  # which brings chromium along
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium")
    for option in (*OPTIONS, f"user-data-dir={profile}"):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()
