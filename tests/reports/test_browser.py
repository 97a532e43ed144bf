"""The page in a real browser: what a reader's device makes of it."""

from types import SimpleNamespace

import numpy as np
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


@pytest.fixture(scope="module")
def comparison_file(tmp_path_factory):
    """A page of two models whose table is wider than any screen here."""
    from keras_latent.reports.column import Column, ColumnGroup
    from keras_latent.reports.comparison import Comparison, Row
    from keras_latent.reports.comparison_page import comparison_page
    from keras_latent.reports.comparison_pictures import Strips, strip

    groups = [ColumnGroup(name, "to see", "It is.", "It isn't.") for name in "ABC"]
    columns = [
        Column(f"{group.heading} number {place}", "Counted.", place % 3 - 1, group)
        for group in groups
        for place in range(6)
    ]
    rows = [
        Row(
            SimpleNamespace(name=name, group=name, seed=None, model=object()),
            {column: 0.12345 * (value + place) for place, column in enumerate(columns)},
        )
        for value, name in enumerate(["a_model_with_a_long_name", "other"])
    ]
    images = strip(np.zeros((12, 8, 8, 1)))
    pictures = [Strips(row.one.name, images, images, {}) for row in rows]
    text = comparison_page(Comparison("Compared", {}, rows, pictures, False))
    path = tmp_path_factory.mktemp("comparison") / "compare.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [PHONE, 1200])
def test_a_wide_table_scrolls_within_its_box_and_says_so(
    browser, comparison_file, width
):
    open_page(browser, comparison_file.as_uri(), width)
    ask = browser.execute_script
    assert ask("return document.documentElement.scrollWidth") <= width
    box = "const box = document.querySelector('.table');"
    inside, outside = ask(f"{box} return [box.scrollWidth, box.clientWidth]")
    assert inside > outside
    assert ask("return document.querySelector('.hint').offsetHeight") > 0
    assert "linear-gradient" in ask(f"{box} return getComputedStyle(box).background")
    # The names stay where they are when the numbers move, and leave them room.
    place = "return document.querySelector('tbody th').getBoundingClientRect()"
    before = ask(place)
    ask(f"{box} box.scrollLeft = 1e6")
    after = ask(place)
    assert after["left"] == before["left"]
    assert after["right"] - after["left"] < 0.5 * outside
    last = ask("return document.querySelector('tbody tr').lastElementChild.innerText")
    assert last
    assert ask(
        f"{box} const last = box.querySelector('tbody tr').lastElementChild;"
        "return last.getBoundingClientRect().right"
        " <= box.getBoundingClientRect().right + 1"
    )
    assert browser.get_log("browser") == []


def test_a_table_that_fits_says_nothing_of_scrolling(browser, comparison_file):
    open_page(browser, comparison_file.as_uri(), 1200)
    is_hidden = browser.execute_async_script(
        "const done = arguments[0], box = document.querySelector('.table');"
        "for (const row of box.querySelectorAll('tr'))"
        " while (row.cells.length > 3) row.lastElementChild.remove();"
        "for (const head of box.querySelectorAll('[colspan]')) head.colSpan = 1;"
        "box.style.width = '99%';"
        "requestAnimationFrame(() => requestAnimationFrame(() =>"
        " done(document.querySelector('.hint').hidden)))"
    )
    assert is_hidden


def test_a_head_of_the_table_sorts_by_a_key(browser, comparison_file):
    from selenium.webdriver.common.keys import Keys

    open_page(browser, comparison_file.as_uri(), PHONE)
    names = (
        "return [...document.querySelectorAll('tbody th')].map(t => t.dataset.value)"
    )
    assert browser.execute_script(names) == ["a_model_with_a_long_name", "other"]
    # More is better of the third number: the largest first.
    (button,) = browser.find_elements(
        "css selector", "thead tr:last-child th:nth-child(4) button"
    )
    assert button.accessible_name.startswith("A number 2")
    assert button.accessible_name.endswith("more is better")
    button.send_keys(Keys.ENTER)
    assert browser.execute_script(names) == ["other", "a_model_with_a_long_name"]
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert browser.execute_script(outline) == "solid"
