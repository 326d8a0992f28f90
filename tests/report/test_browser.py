"""The page in a browser: at a phone's width, by keyboard, to a screen reader, without scripts.

Screenshots are kept in build/screenshots.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.support.browsers import started
from tests.support.schemas import held

SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(chromium: webdriver.Chrome, told_house: Path) -> webdriver.Chrome:
    """Chromium with the page open, as wide as a screen."""
    show(chromium, told_house)
    return chromium


def show(chromium: webdriver.Chrome, house: Path, width: int = 1200, scheme: str = "light") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    chromium.get("about:blank")  # or an address that differs in its anchor alone loads nothing
    chromium.get((house / "report/index.html").as_uri())


def screenshot(chromium: webdriver.Chrome, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    whole = {"captureBeyondViewport": True, "format": "png"}
    taken: dict[str, Any] = chromium.execute_cdp_cmd("Page.captureScreenshot", whole)
    (SCREENSHOTS / name).write_bytes(base64.b64decode(taken["data"]))


def visible(browser: webdriver.Chrome) -> list[str]:
    """Name and version in the rows that are shown."""
    rows = browser.find_elements(By.CSS_SELECTOR, "table.wheels tbody th")
    return [row.text for row in rows if row.is_displayed()]


def focused(browser: webdriver.Chrome) -> WebElement:
    return browser.switch_to.active_element


def press(browser: webdriver.Chrome, *keys: str) -> WebElement:
    for key in keys:
        focused(browser).send_keys(key)
    return focused(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1200])
def test_nothing_is_wrong_or_too_wide(
    chromium: webdriver.Chrome, told_house: Path, width: int, scheme: str
) -> None:
    show(chromium, told_house, width, scheme)
    screenshot(chromium, f"report-{width}-{scheme}.png")
    chromium.execute_script("for (const one of document.querySelectorAll('details')) one.open = 1")
    wide = chromium.execute_script("return document.documentElement.scrollWidth")
    screenshot(chromium, f"report-{width}-{scheme}-open.png")
    assert wide <= width
    assert not chromium.get_log("browser")  # type: ignore[no-untyped-call]
    assert chromium.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_text_of_a_wheel_stays_text(browser: webdriver.Chrome) -> None:
    assert browser.title == "wheelhouse: 6 wheels"
    assert not browser.find_elements(By.TAG_NAME, "img")
    assert "<img src=x onerror=" in browser.find_element(By.TAG_NAME, "body").text


def test_the_filter_shows_what_has_all_words(browser: webdriver.Chrome) -> None:
    words = browser.find_element(By.ID, "filter")
    status = browser.find_element(By.CSS_SELECTOR, "[role=status]")
    words.send_keys("NUMPY 3.11")
    assert visible(browser) == ["numpy 1.26.4"]
    assert status.text == "1 of 6 wheels"
    shown = browser.find_elements(By.CSS_SELECTOR, "#each > details:not([hidden])")
    assert [one.text for one in shown] == ["numpy 1.26.4 Python 3.11"]
    words.clear()
    words.send_keys("not tried")
    assert visible(browser) == ["numpy 1.21.6", "hostile 1.0", "pure 3.0"]
    words.send_keys("nothing has this")
    assert visible(browser) == []
    assert browser.find_element(By.ID, "none").is_displayed()


def test_a_python_shows_what_its_board_takes(browser: webdriver.Chrome) -> None:
    browser.find_element(By.ID, "python").send_keys("3.9")
    shown = visible(browser)
    assert "numpy 1.21.6" in shown
    assert "pure 3.0" in shown
    assert "numpy 1.26.4" not in shown


def test_all_of_it_goes_by_keyboard(browser: webdriver.Chrome) -> None:
    assert press(browser, Keys.TAB).text == "To the wheels"
    press(browser, Keys.ENTER)
    assert press(browser, Keys.TAB).get_attribute("id") == "filter"
    assert press(browser, "scipy", Keys.TAB).get_attribute("id") == "python"
    header = press(browser, Keys.TAB)
    assert header.text.startswith("wheel")
    press(browser, Keys.ENTER)
    sorts = browser.find_elements(By.CSS_SELECTOR, "th[aria-sort]")
    assert [(one.text[:5], one.get_attribute("aria-sort")) for one in sorts] == [
        ("wheel", "ascending")
    ]
    link = press(browser, *[Keys.TAB] * 6)
    assert link.text == "scipy"
    summary = press(browser, Keys.ENTER)
    assert summary.tag_name == "summary"
    assert summary.text.startswith("scipy 1.11.4")
    assert summary.find_element(By.XPATH, "..").get_attribute("open") is not None
    press(browser, Keys.ENTER)
    assert summary.find_element(By.XPATH, "..").get_attribute("open") is None


def test_columns_sort_by_what_they_mean(browser: webdriver.Chrome) -> None:
    def named(text: str) -> WebElement:
        buttons = browser.find_elements(By.CSS_SELECTOR, "thead button")
        return next(button for button in buttons if button.text.startswith(text))

    assert visible(browser)[0] == "scipy 1.11.4"  # the largest
    named("on the board").click()
    assert visible(browser)[-1] == "scipy 1.11.4"
    named("Python").click()
    pythons = [
        cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "table.wheels td.python")
    ]
    assert pythons == ["3.9", "3.11", "3.11", "any", "any", "any"]


@pytest.mark.parametrize("width", [375, 1200])
def test_a_screen_reader_hears_a_table(
    chromium: webdriver.Chrome, told_house: Path, width: int
) -> None:
    show(chromium, told_house, width)
    tree = chromium.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    heard = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree["nodes"]
        if not node["ignored"]
    }
    assert {
        ("table", "All wheels. Sizes are those of the files on the board."),
        ("rowheader", "numpy 1.26.4"),
        ("columnheader", "audit"),
        ("searchbox", "Filter"),
        ("combobox", "Python"),
        ("main", ""),
        ("navigation", "Page"),
        ("region", "Timeline of the last run"),
    } <= heard
    assert {"audit fits", "fits"} & {name for role, name in heard if role == "cell"}


def test_without_scripts_all_is_there(chromium: webdriver.Chrome, told_house: Path) -> None:
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(chromium, told_house)
        assert len(visible(chromium)) == 6
        assert not chromium.find_element(By.ID, "filter").is_displayed()
        wheels = chromium.find_elements(By.CSS_SELECTOR, "#each > details > summary")
        wheels[0].click()
        assert "Fundamental algorithms" in chromium.find_element(By.ID, "each").text
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_link_from_elsewhere_opens_its_wheel(
    chromium: webdriver.Chrome, told_house: Path
) -> None:
    states = held("record", (told_house / "report/record.json").read_text())["states"]
    (scipy,) = (file for name, file in states[-1]["wheels"].items() if name.startswith("scipy"))
    anchor = f"wheel-{scipy['sha256'][:12]}"
    chromium.get(f"{(told_house / 'report/index.html').as_uri()}#{anchor}")
    assert chromium.find_element(By.ID, anchor).get_attribute("open") is not None
