"""The page in a real browser: what a reader's device makes of it."""

import shutil
import tempfile

import pytest

NEEDED = ("chromium", "chromedriver")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"needs {' and '.join(MISSING)} on the PATH"
)

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESKTOP = 390, 1280


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options.add_argument(f"--user-data-dir={profile}")
        # With its path given, nothing looks for a driver elsewhere.
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        try:
            yield driver
        finally:
            driver.quit()


def open_page(browser, path, width):
    """Open a file on a screen of this width; a window can't be as narrow."""
    # Chromium's own first page loads many things.
    browser.get("about:blank")
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": width,
            "height": 844,
            "deviceScaleFactor": 1,
            "mobile": width == PHONE,
        },
    )
    browser.get(path.as_uri())
    assert browser.execute_script("return window.innerWidth") == width


def requested(browser):
    """What the browser asked for, data in the page aside."""
    import json

    messages = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    urls = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith("data:")]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_reads_well(browser, report_file, report, width):
    open_page(browser, report_file, width)

    images = browser.execute_script(
        "return [...document.images].map(i => [i.complete, i.naturalWidth, "
        "i.getBoundingClientRect().width])"
    )
    assert len(images) == len(report.attributes("img"))
    for complete, natural_width, shown_width in images:
        assert complete
        assert natural_width > 0
        assert 0.75 * min(width, 300) < shown_width <= width
    scroll_width = "return document.documentElement.scrollWidth"
    assert browser.execute_script(scroll_width) <= width
    assert requested(browser) == [report_file.as_uri()]
    assert browser.get_log("browser") == []


def test_a_phone_gets_narrow_figures_and_a_desktop_wide_ones(browser, report_file):
    shown = {}
    for width in (PHONE, DESKTOP):
        open_page(browser, report_file, width)
        shown[width] = browser.execute_script(
            "return [...document.querySelectorAll('picture img')]"
            ".map(i => i.currentSrc === i.src)"
        )
    assert all(shown[PHONE])
    assert not any(shown[DESKTOP])


def test_text_is_large_enough_to_read(browser, report_file):
    open_page(browser, report_file, PHONE)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('p, dd, dt, a, figcaption')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 14


def test_a_script_in_a_name_does_not_run(browser, tmp_path):
    from keras_latent.reports.page import page

    path = tmp_path / "page.html"
    path.write_text(page("<script>document.title = 'run'</script>", {}, {}, []))
    open_page(browser, path, DESKTOP)
    assert browser.title == "<script>document.title = 'run'</script>"


def test_prints_on_sheets_of_paper(browser, report_file):
    open_page(browser, report_file, DESKTOP)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    kept = browser.execute_script(
        "return [...document.querySelectorAll('figure')]"
        ".map(e => [getComputedStyle(e).breakInside, e.offsetHeight])"
    )
    navigation = browser.execute_script(
        "return getComputedStyle(document.querySelector('nav')).display"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert kept
    for break_inside, height in kept:
        assert break_inside == "avoid"
        # What is left of a sheet of 297 mm, at 96 pixels an inch.
        assert height < 265 / 25.4 * 96
    assert navigation == "none"
