"""The page in a real browser: nothing leaves this machine, keyboard and phone work, files are read and never run."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("streamlit", reason="needs the extra [app]")
pytest.importorskip("selenium", reason="needs selenium")
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")  # named, so that nothing is downloaded
BUSY = 15.0  # seconds: a screen is due within one, but other tests may keep the machine busy
WAIT = 40  # seconds: a first visit imports and composes
PHONE = "Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36"
CHART = '[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg'
pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM.exists() and DRIVER.exists()), reason=f"needs {CHROMIUM} and {DRIVER} (Debian: chromium-driver)"
    ),
]


@pytest.fixture(scope="module")
def address():
    """The page served on a free port by the command itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "experiments.cli", "app", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(10 * WAIT):
            try:
                urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, server.stdout.read()
                time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=WAIT)


@pytest.fixture
def opened(address):
    """A function that opens a path of the page in a browser of its own, wide or as a phone."""
    browsers = []

    def opens(path: str = "/", phone: bool = False):
        options = Options()
        options.binary_location = str(CHROMIUM)
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900",
                     "--disable-background-networking", "--disable-component-update"):  # fmt: skip
            options.add_argument(word)
        if phone:
            metrics = {"width": 400, "height": 860, "pixelRatio": 2.0}
            options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics, "userAgent": PHONE})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        browsers.append(webdriver.Chrome(service=Service(str(DRIVER)), options=options))
        browsers[-1].get(address + path)
        until(browsers[-1], lambda b: b.find_elements(By.CSS_SELECTOR, CHART))
        return browsers[-1]

    yield opens
    for browser in browsers:
        browser.quit()


def until(browser, holds):
    """Wait until something holds of the page and return it."""
    return WebDriverWait(browser, WAIT, poll_frequency=0.05).until(holds)


def text(browser) -> str:
    """Return what the page says."""
    return browser.find_element(By.TAG_NAME, "body").text


def slider(browser, words: str):
    """Return the thumb of the slider whose label holds these words."""
    for block in browser.find_elements(By.CSS_SELECTOR, '[data-testid="stSlider"]'):
        if words in block.text:
            return block.find_element(By.CSS_SELECTOR, '[role="slider"], input[type="range"]')
    raise AssertionError(f"no slider {words!r}")


def asked(browser) -> list[str]:
    """Return the addresses that the browser asked since it was last asked for them."""
    log = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in log if m["method"] == "Network.requestWillBeSent"]
    return urls + [m["params"]["url"] for m in log if m["method"] == "Network.webSocketCreated"]


def test_nothing_is_asked_of_any_other_machine(opened, address):
    own = address.removeprefix("http://")
    seen = []
    for path in ("/", "/watch"):
        browser = opened(path)
        time.sleep(1.0)
        seen += asked(browser)
    inside = tuple(f"{scheme}://{own}/" for scheme in ("http", "ws"))
    assert len(seen) > 10
    assert [url for url in seen if not url.startswith((*inside, "data:", "blob:"))] == []


def test_a_slider_moves_by_keyboard_and_the_screen_follows(opened, address):
    browser = opened("/?talk=japan")
    until(browser, lambda b: "Japan reckons with 60 %" in text(b))
    times = []
    for value in range(61, 66):
        begin = time.monotonic()
        browser.execute_script("arguments[0].focus()", slider(browser, "Belief"))
        ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
        until(browser, lambda b, v=value: f"Japan reckons with {v} %" in text(b))
        times.append(time.monotonic() - begin)
    print(f"a slider's move is on screen after {sorted(times)[len(times) // 2]:.2f} s (median)")
    assert sorted(times)[len(times) // 2] < BUSY
    assert "belief_pct=65" in browser.current_url
    again = opened(browser.current_url.removeprefix(address))
    until(again, lambda b: "Japan reckons with 65 %" in text(b))


@pytest.mark.parametrize("path", ["/", "/watch"])
def test_a_phone_shows_all_without_scrolling_sideways(opened, path):
    browser = opened(path, phone=True)
    time.sleep(0.5)
    width = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]
    chart = browser.find_element(By.CSS_SELECTOR, CHART).rect
    assert chart["width"] <= 400 and chart["height"] <= 430


def test_on_a_phone_the_picture_stays_in_sight_while_sliders_move(opened):
    browser = opened("/", phone=True)
    thumb = slider(browser, "Deadline")
    browser.execute_script("arguments[0].scrollIntoView({block: 'end'})", thumb)
    time.sleep(0.5)
    tops = [
        browser.execute_script("return arguments[0].getBoundingClientRect().top", e)
        for e in (browser.find_element(By.CSS_SELECTOR, CHART), thumb)
    ]
    assert 0 <= tops[0] < tops[1] <= 860


def test_watching_goes_round_by_round_by_keyboard(opened):
    browser = opened("/watch?talk=japan&world=3")
    until(browser, lambda b: "Round 1 of 13" in text(b))
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_RIGHT)
    until(browser, lambda b: "Round 2 of 13" in text(b))
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.END)
    until(browser, lambda b: "A deal." in text(b))
    assert "round=13" in browser.current_url


def hand_in(browser, path: Path) -> None:
    """Give the page a file."""
    next(b for b in browser.find_elements(By.TAG_NAME, "button") if b.text.startswith("Use a file")).click()
    field = until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, 'input[type="file"]'))[0]
    field.send_keys(str(path))


def test_a_file_is_laid_over_the_experiment(opened, tmp_path):
    browser = opened("/")
    path = tmp_path / "mine.yaml"
    path.write_text("talks: {japan: {stick: {belief_pct: 77.0}}}\n", encoding="utf-8")
    hand_in(browser, path)
    assert until(browser, lambda b: "Japan reckons with 77 %" in text(b))


@pytest.mark.parametrize(
    "body", ["hydra: {}", "countries: {USA: {strategy: {_target_: os.system}}}", "a: ${oc.env:HOME}"]
)
def test_a_file_that_would_do_more_is_refused(opened, tmp_path, body):
    browser = opened("/")
    path = tmp_path / "bad.yaml"
    path.write_text(body, encoding="utf-8")
    hand_in(browser, path)
    until(browser, lambda b: "This file cannot be used." in text(b))
    assert "upload:1" in text(browser)


def test_names_in_a_file_are_shown_and_not_run(opened, tmp_path):
    browser = opened("/")
    path = tmp_path / "names.yaml"
    path.write_text("countries: {JPN: {name: '<img src=x onerror=\"window.ran=1\">'}}\n", encoding="utf-8")
    hand_in(browser, path)
    until(browser, lambda b: "onerror" in text(b))
    time.sleep(0.5)
    assert browser.execute_script("return window.ran === undefined")
