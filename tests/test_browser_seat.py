"""Take a seat and Sweep in a real browser: keyboard and phone work, nothing leaves this machine, names do not run."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("streamlit", reason="needs the extra [app]")
pytest.importorskip("selenium", reason="needs selenium")
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.test_browser import address, asked, opened, pytestmark, slider, text, until  # noqa: F401

LINK = "/seat?moves=o252.o396.a0.o612.a0.o613.a0.a0.a0.a0.a0.o615"
EVIL = "<img src=x onerror='window.ran=1'>"


def press(browser, label: str) -> None:
    """Press the button of this name by keyboard, also where the page is drawn anew meanwhile."""

    def pressed(b) -> bool:
        try:
            found = [e for e in b.find_elements(By.TAG_NAME, "button") if e.text == label]
            if found:
                b.execute_script("arguments[0].focus()", found[0])
                ActionChains(b).send_keys(Keys.ENTER).perform()
            return bool(found)
        except StaleElementReferenceException:
            return False

    until(browser, pressed)


def test_japan_is_played_by_keyboard_alone(opened):  # noqa: F811
    browser = opened("/seat")
    until(browser, lambda b: "You are Japan" in text(b))
    browser.execute_script("arguments[0].focus()", slider(browser, "US tariff"))
    ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
    until(browser, lambda b: "2.5 %" in text(b))
    press(browser, "Offer this")
    until(browser, lambda b: "moves=o" in b.current_url)
    press(browser, "Let time run out")
    until(browser, lambda b: "Ishiba's government" in text(b))
    again = opened("/" + browser.current_url.split("/", 3)[3])
    until(again, lambda b: "Ishiba's government" in text(b))
    press(again, "Take back the last move")
    assert until(again, lambda b: "Round 13 of 13" in text(b))


def test_a_name_is_shown_and_not_run(opened):  # noqa: F811
    browser = opened(LINK)
    field = until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, '[data-testid="stTextInput"] input'))[0]
    field.send_keys(EVIL)
    press(browser, "Put it there")
    time.sleep(1.5)
    assert browser.execute_script("return window.ran === undefined")
    assert not browser.find_elements(By.CSS_SELECTOR, 'img[src="x"]')


def test_a_class_sees_the_rounds_of_others(opened):  # noqa: F811
    press(opened(LINK), "Put it there")
    other = opened("/seat")
    assert until(other, lambda b: "Rounds played" in text(b))


@pytest.mark.parametrize("path", ["/seat", LINK, "/seat?moves=o36.o36&shown=1", "/sweep"])
def test_a_phone_shows_all_without_scrolling_sideways(opened, path):  # noqa: F811
    browser = opened(path, phone=True)
    time.sleep(1.0)
    width = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]


@pytest.mark.parametrize("path", ["/seat", LINK, "/sweep"])
def test_nothing_is_asked_of_any_other_machine(opened, address, path):  # noqa: F811
    own = address.removeprefix("http://")
    browser = opened(path)
    time.sleep(1.5)
    inside = tuple(f"{scheme}://{own}/" for scheme in ("http", "ws"))
    seen = asked(browser)
    assert len(seen) > 5 and [u for u in seen if not u.startswith((*inside, "data:", "blob:"))] == []


def test_a_sweep_is_drawn_and_its_colours_change(opened):  # noqa: F811
    browser = opened("/sweep?x=threat_pct:0:60:4&y=belief_pct:0:60:3&worlds=50")
    until(browser, lambda b: "12 cells, 600 talks" in text(b))
    until(browser, lambda b: any(e.text == "Sweep" and not e.is_enabled()
                                 for e in b.find_elements(By.TAG_NAME, "button")))  # fmt: skip
    assert "the experiment" in text(browser)


def test_a_long_sweep_can_be_stopped_and_keeps_what_it_has(opened):  # noqa: F811
    browser = opened("/sweep?x=threat_pct:0:100:20&y=rounds:20:52:20&worlds=200")
    press(browser, "Stop")
    until(browser, lambda b: "Stopped:" in text(b))
    assert "of 400 cells are drawn" in text(browser)
    press(browser, "Go on")
    until(browser, lambda b: "Stopped:" not in text(b))
