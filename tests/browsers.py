"""A real browser without a screen, where one is installed."""

import contextlib
import json
import shutil
import tempfile

import pytest

NEEDED = ("chromium", "chromedriver")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

needs_browser = pytest.mark.skipif(
    bool(MISSING), reason=f"needs {' and '.join(MISSING)} on the PATH"
)

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESKTOP = 390, 1280


@contextlib.contextmanager
def started(*flags):
    """A browser that keeps what it asked for and what its console said.

    Args:
        flags: Further flags of Chromium.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, *flags):
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


def open_page(browser, url, width):
    """Open a page on a screen of this width; a window can't be as narrow."""
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
    browser.get(url)
    assert browser.execute_script("return window.innerWidth") == width


def requested(browser):
    """What the browser asked for, data in the page aside."""
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
