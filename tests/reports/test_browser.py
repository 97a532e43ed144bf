"""The page in a real browser: what a reader's device makes of it."""

import pytest

from tests.browsers import DESKTOP, PHONE, needs_browser, open_page, requested, started

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser():
    with started("--disable-gpu") as driver:
        yield driver


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_reads_well(browser, report_file, report, width):
    open_page(browser, report_file.as_uri(), width)

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
        open_page(browser, report_file.as_uri(), width)
        shown[width] = browser.execute_script(
            "return [...document.querySelectorAll('picture img')]"
            ".map(i => i.currentSrc === i.src)"
        )
    assert all(shown[PHONE])
    assert not any(shown[DESKTOP])


def test_text_is_large_enough_to_read(browser, report_file):
    open_page(browser, report_file.as_uri(), PHONE)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('p, dd, dt, a, figcaption')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 14


def test_a_script_in_a_name_does_not_run(browser, tmp_path):
    from keras_latent.reports.page import page

    path = tmp_path / "page.html"
    path.write_text(page("<script>document.title = 'run'</script>", {}, {}, []))
    open_page(browser, path.as_uri(), DESKTOP)
    assert browser.title == "<script>document.title = 'run'</script>"


def test_prints_on_sheets_of_paper(browser, report_file):
    open_page(browser, report_file.as_uri(), DESKTOP)
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
