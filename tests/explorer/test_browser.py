"""The three shells of the explorer in a real browser."""

import base64
import json
import threading

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.explorer import Exploration, bundle, serve, write_page
from tests.browsers import PHONE, needs_browser, requested, started
from tests.explorer.conftest import COUNT
from tests.explorer.onnx_archives import missing_for_onnx
from tests.explorer.shells import Shell

pytestmark = needs_browser

EVIL = ["<script>document.title='run'</script>", "<img src=x onerror=alert(1)>", "c"]

NOTEBOOK = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>%s</style><div id="cell"></div><script type="module">
window.outbox = [];
const model = {
  send: (message) => window.outbox.push(message),
  on: (name, listener) => { window.answer = (message, texts) => listener(message,
    texts.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer))); },
};
%s
render({ model, el: document.getElementById("cell") });
document.querySelector("#cell > div").id = "explorer";
</script>"""  # noqa: E501


@pytest.fixture(scope="module")
def browser():
    # Where there is no graphics card, WebGL is computed.
    with started("--use-angle=swiftshader", "--enable-unsafe-swiftshader") as driver:
        yield driver


@pytest.fixture(scope="module")
def page_shell(browser, vae, images, labels, tmp_path_factory):
    """One file, whose classes have names that mean to do harm."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(vae, images, path, labels, EVIL, title=EVIL[0])
    shell = Shell(browser, vae, np.asarray(vae.encode(images)))
    shell.url, shell.may_ask = path.as_uri(), path.as_uri()
    return shell


@pytest.fixture(scope="module")
def server_shell(browser, conditional, images, labels):
    """A server, of a model of maps that is told classes."""
    exploration = Exploration(conditional, images, labels, limit=COUNT)
    addresses = []
    is_ready = threading.Event()

    def ready(address):
        addresses.append(address)
        is_ready.set()

    pytest.importorskip("uvicorn")
    thread = threading.Thread(
        target=serve, args=(exploration,), kwargs={"ready": ready}, daemon=True
    )
    thread.start()
    assert is_ready.wait(30)
    shell = Shell(browser, conditional, exploration.codes)
    shell.url = shell.may_ask = addresses[0]
    return shell


@pytest.fixture(scope="module")
def notebook_shell(browser, unknown, images, labels, tmp_path_factory):
    """A widget, of a model whose layers a page doesn't know."""
    pytest.importorskip("anywidget")
    widget = kl.explorer(unknown, images, labels)
    sent = []
    widget.send = lambda message, buffers=None: sent.append((message, buffers or []))

    class Notebook(Shell):
        def pump(self):
            questions = self.ask("return window.outbox?.splice(0) ?? []")
            for question in questions:
                widget._handle_custom_msg(question, [])
            while sent:
                message, buffers = sent.pop(0)
                texts = [base64.b64encode(each).decode() for each in buffers]
                self.ask("window.answer(arguments[0], arguments[1])", message, texts)

    path = tmp_path_factory.mktemp("notebook") / "notebook.html"
    path.write_text(NOTEBOOK % (bundle.style(), bundle.script()), encoding="utf-8")
    shell = Notebook(browser, unknown, np.asarray(unknown.encode(images)))
    shell.url = shell.may_ask = path.as_uri()
    return shell


def onnx_page(browser, model, images, labels, path):
    """One file, in which ONNX Runtime Web decodes."""
    if missing := missing_for_onnx():
        pytest.skip(missing)
    write_page(model, images, path, labels)
    codes = np.asarray(Exploration(model, images, labels, limit=COUNT).codes)
    shell = Shell(browser, model, codes)
    shell.url = shell.may_ask = path.as_uri()
    return shell


@pytest.fixture(scope="module")
def onnx_shell(browser, unknown, images, labels, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "page.html"
    return onnx_page(browser, unknown, images, labels, path)


@pytest.fixture(scope="module")
def told_onnx_shell(browser, unknown_told, images, labels, tmp_path_factory):
    path = tmp_path_factory.mktemp("told onnx") / "page.html"
    return onnx_page(browser, unknown_told, images, labels, path)


SHELLS = ("page", "server", "notebook", "onnx", "told_onnx")


@pytest.fixture(params=[f"{name}_shell" for name in SHELLS])
def shell(request):
    return request.getfixturevalue(request.param)


def test_a_shell_shows_what_the_model_makes(shell):
    shell.open()
    size = shell.model.latent_dim
    codes = shell.codes.reshape(COUNT, size)

    code, told, pixels = shell.decoded()
    np.testing.assert_array_equal(code, codes[0])
    assert told == (0 if shell.model.condition is not None else None)

    # An empty place, in the corner.
    shell.click(4, 4)
    shell.wait("return x.state.base.kind === 'place'")
    code, told, pixels = shell.decoded()
    plane = kl.explorer.maps.principal_plane(codes)
    x, y = shell.ask("return [x.state.base.x, x.state.base.y]")
    wanted = plane.mean + x * plane.axes[0] + y * plane.axes[1]
    np.testing.assert_allclose(code, wanted, atol=1e-4 * np.abs(wanted).max())
    given = code.reshape(1, *shell.model.code_shape)
    y = None if told is None else np.array([told])
    decoded = np.asarray(shell.model.decode(given, y))[0]
    assert decoded.std() > 1e-3
    np.testing.assert_allclose(pixels, decoded, rtol=0, atol=1e-3)

    # Two lassos: the left half of the map, and the right one.
    width, height = shell.ask(
        "return [x.map.root.clientWidth, x.map.root.clientHeight]"
    )
    for tool, low, high in (("a", 2, width / 2), ("b", width / 2, width - 2)):
        shell.ask("x.useTool(arguments[0])", tool)
        corners = [(low, 2), (high, 2), (high, height - 2), (low, height - 2)]
        shell.drag(corners)
        shell.wait(f"return x.state.{tool}.length > 0")
    first, second, vector = shell.ask("return [x.state.a, x.state.b, [...x.attribute]]")
    assert sorted(first + second) == list(range(COUNT))
    known = kl.latent_space.attribute_vector(codes[first], codes[second])
    np.testing.assert_allclose(vector, known, rtol=0, atol=1e-6)

    # The attribute, applied to another image.
    shell.ask("x.pick(5); x.update({ strength: 0.5 })")
    shell.wait("return x.state.base.row === 5")
    code, told, pixels = shell.decoded()
    np.testing.assert_allclose(code, codes[5] + 0.5 * known, atol=1e-5)

    # Each panel, and what it asks for.
    for panel in ("dimensions", "path", "outliers", "samples", "neighbours"):
        shell.ask("x.pick(2); x.update({ start: 2, end: 3, tab: arguments[0] })", panel)
        shell.wait("return x.panel.querySelectorAll('canvas, input').length > 1")

    asked = requested(shell.browser)
    assert asked
    assert all(url.startswith((shell.may_ask, "blob:")) for url in asked), asked
    assert shell.browser.get_log("browser") == []


def test_names_are_texts(page_shell):
    page_shell.open()
    assert page_shell.browser.title == EVIL[0]
    shown = page_shell.ask("return document.body.innerText")
    for name in EVIL[:2]:
        assert name in shown
    assert page_shell.ask("return document.querySelectorAll('img').length") == 0
    assert (
        page_shell.ask("return x.stage.heading.textContent") == f"{EVIL[0]} · image 0"
    )


def test_a_narrow_screen(page_shell):
    page_shell.open(PHONE)
    assert page_shell.ask("return document.documentElement.scrollWidth") <= PHONE
    sizes = page_shell.ask(
        "return [...x.root.querySelectorAll('p, span, button, input, select, h1')]"
        ".filter((e) => e.offsetParent)"
        ".map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 14
    assert page_shell.cut_off() == 0


@pytest.fixture(scope="module")
def many_shell(browser, vae, images, tmp_path_factory):
    """A page of thirty classes with long names, one of which has no image."""
    path = tmp_path_factory.mktemp("many") / "page.html"
    names = [f"north_america_{number}" for number in range(29)]
    labels = np.arange(COUNT) % 29
    data = "the split test of noise"
    write_page(
        vae, images, path, labels, [*names, "Antarctica"], limit=COUNT - 1, data=data
    )
    shell = Shell(browser, vae, np.asarray(vae.encode(images)))
    shell.url = shell.may_ask = path.as_uri()
    return shell


def test_the_legend_lists_every_class(many_shell):
    many_shell.open()
    chips = many_shell.ask(
        "return [...x.legend.querySelectorAll('.chip')].map((chip) => ["
        "chip.dataset.name, Number(chip.lastElementChild.textContent),"
        "getComputedStyle(chip.querySelector('.dot')).backgroundColor])"
    )
    _, counts, colours = zip(*chips, strict=True)
    shown = many_shell.ask("return [...x.subject.labels]")
    assert len(chips) == len(set(shown)) >= 28
    assert list(counts) == np.bincount(shown).tolist()
    assert len(set(colours)) == len(chips)
    told = many_shell.ask("return x.legend.querySelector('p').textContent")
    assert told.startswith("No image here of: ")
    assert told.endswith("Antarctica")
    told = many_shell.ask("return x.root.querySelector('.head .quiet').textContent")
    assert told == "39 of 40 images of the split test of noise, codes of 4"
    # A search for its name would find "north_america_20", too.
    many_shell.ask("x.legend.querySelectorAll('.chip')[2].click()")
    many_shell.wait("return x.state.only === 2")
    pressed = (
        "return [...x.legend.querySelectorAll('.chip')]"
        ".flatMap((chip, i) => chip.getAttribute('aria-pressed') === 'true' ? [i] : [])"
    )
    assert many_shell.ask(pressed) == [2]
    found = many_shell.ask("return x.foundRows()")
    assert found == np.flatnonzero(np.equal(shown, 2)).tolist()
    many_shell.ask("x.legend.querySelectorAll('.chip')[2].click()")
    many_shell.wait("return x.state.only === null")
    assert many_shell.ask(pressed) == []


@pytest.mark.parametrize("width", [PHONE, 1200])
def test_names_break_between_their_words(many_shell, width):
    many_shell.open(width)
    # The lines of each name below a neighbour, word by word.
    broken = many_shell.ask(
        "const range = document.createRange();"
        "return [...x.panel.querySelectorAll('.thumbnail span')].flatMap((span) =>"
        " [...span.childNodes].filter((node) => node.nodeType === 3)"
        "  .flatMap((node) => node.data.split(' ').map((word) => {"
        "   const at = node.data.indexOf(word);"
        "   range.setStart(node, at); range.setEnd(node, at + word.length);"
        "   return range.getClientRects().length; })))"
    )
    assert len(broken) > 24
    assert set(broken) == {1}
    # Nothing of the head or the legend lies beyond the screen, or is to be scrolled to.
    beyond = many_shell.ask(
        "return [...x.root.querySelectorAll('.head *, .legend *')].filter((e) =>"
        " e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert beyond == 0
    scrolling = "const e = x.root.querySelector(arguments[0]);"
    for part in (".actions", ".legend"):
        assert many_shell.ask(
            f"{scrolling} return e.scrollWidth <= e.clientWidth", part
        )
    if width == PHONE:
        # No bar shows there that there is more.
        legend = f"{scrolling} return e.scrollHeight <= e.clientHeight"
        assert many_shell.ask(legend, ".legend")


def test_keys(page_shell):
    from selenium.webdriver.common.keys import Keys

    page_shell.open()
    place = page_shell.browser.find_element("css selector", ".map-root")
    before = page_shell.ask("return x.map.view")
    place.send_keys(Keys.ARROW_RIGHT, "+")
    after = page_shell.ask("return x.map.view")
    assert after["x"] > before["x"]
    assert after["scale"] > before["scale"]
    place.send_keys("0")
    assert page_shell.ask("return x.map.view.scale") == pytest.approx(before["scale"])
    place.send_keys("n")
    page_shell.wait("return x.state.base.row === 1")
    place.send_keys("/")
    focused = "return document.activeElement === x.search"
    assert page_shell.ask(focused)


def test_a_link_brings_the_state_back(page_shell):
    page_shell.open()
    page_shell.ask("x.update({ search: 'c', edits: { 1: 2.5 }, tab: 'dimensions' })")
    code, _, pixels = page_shell.decoded()
    page_shell.wait("return location.hash.includes('edits')")
    url = page_shell.browser.current_url
    assert "edits=1%3A2.5" in url
    before, page_shell.url = page_shell.url, url
    page_shell.open()
    page_shell.url = before
    again, _, same = page_shell.decoded()
    np.testing.assert_array_equal(again, code)
    np.testing.assert_array_equal(same, pixels)
    assert page_shell.ask("return x.found.reduce((a, b) => a + b)") == COUNT // 3
    assert json.loads(page_shell.ask("return JSON.stringify(x.state.edits)")) == {
        "1": 2.5
    }


def test_a_link_that_is_put_into_the_open_page(page_shell):
    page_shell.open()
    page_shell.ask("x.update({ edits: { 1: 2.5 }, only: 0 })")
    page_shell.ask("location.hash = '#image=3'")
    page_shell.wait("return x.state.base.row === 3")
    code, _, _ = page_shell.decoded()
    np.testing.assert_array_equal(code, page_shell.codes.reshape(COUNT, -1)[3])
    assert page_shell.ask("return x.state.only") is None


def test_what_failed_once_is_tried_again(page_shell):
    page_shell.open()
    page_shell.ask(
        "const { host } = x, { decode } = host;"
        "host.decode = (codes, told) => codes.length > 1"
        " ? Promise.reject(new Error('the decoder is busy'))"
        " : decode.call(host, codes, told);"
        "x.mend = () => { host.decode = decode; };"
        "x.update({ start: 0, end: 1, tab: 'path' })"
    )
    page_shell.wait("return x.status.textContent === 'the decoder is busy'")
    page_shell.ask("x.mend(); x.update({})")
    page_shell.wait("return x.panels.path.strip.children.length === 9")
    assert page_shell.ask("return x.status.textContent") == ""


def test_the_focus_stays_in_a_list(page_shell):
    from selenium.webdriver.common.keys import Keys

    page_shell.open()
    page_shell.ask("x.panels.neighbours.list.children[2].focus()")
    row = page_shell.ask("return x.panels.neighbours.found[2].row")
    page_shell.browser.switch_to.active_element.send_keys(Keys.ENTER)
    page_shell.wait(f"return x.state.base.row === {row}")
    page_shell.wait(
        "return document.activeElement === x.panels.neighbours.list.children[2]"
    )


def test_a_lasso_around_nothing_takes_nothing_away(page_shell):
    page_shell.open()
    page_shell.ask("x.update({ a: [1, 2] }); x.useTool('a'); x.caught([])")
    assert page_shell.ask("return x.state.a") == [1, 2]
    assert "No image lies" in page_shell.ask("return x.status.textContent")


def test_a_told_class_is_that_which_is_shown(server_shell):
    shell = server_shell
    shell.open()
    shell.ask("x.update({ condition: 1 })")
    shell.wait("return x.condition === 1")
    shell.ask(
        "[...x.root.querySelectorAll('button')]"
        ".find((b) => b.textContent === 'Undo changes').click()"
    )
    shell.wait("return x.state.condition === null")
    first = shell.ask("return x.subject.conditions[2]")
    shell.ask("x.update({ start: 2, end: 3, tab: 'path' })")
    shell.ask("x.begin({ kind: 'path', t: 1 })")
    assert shell.decoded()[1] == first
    names = shell.ask("return x.subject.header.conditions")
    said = shell.ask("return x.stage.condition.selectedOptions[0].textContent")
    assert said == f"of the start: {names[first]}"


def test_a_place_is_that_of_its_map(many_shell):
    many_shell.open()
    many_shell.ask("x.begin({ kind: 'place', map: 'pca', x: 0.1, y: 0.2 })")
    code, _, _ = many_shell.decoded()
    for name in many_shell.ask("return x.subject.header.maps"):
        many_shell.ask("x.update({ map: arguments[0], view: null })", name)
        np.testing.assert_array_equal(many_shell.decoded()[0], code)


def test_light_or_dark_is_kept(server_shell):
    server_shell.open()
    theme = "return x.root.dataset.theme ?? null"
    assert server_shell.ask(theme) is None
    try:
        server_shell.ask("x.toggleTheme()")
        chosen = server_shell.ask(theme)
        assert chosen in ("light", "dark")
        server_shell.open()
        assert server_shell.ask(theme) == chosen
    finally:
        server_shell.ask("localStorage.clear()")


def test_a_server_tells_of_errors(server_shell):
    server_shell.open()
    server_shell.ask("x.update({ edits: { 0: NaN } })")
    server_shell.wait("return x.status.textContent.includes('`z` must be finite')")


def test_a_page_names_whose_code_decodes_in_it(onnx_shell):
    onnx_shell.open(PHONE)
    assert onnx_shell.ask("return document.documentElement.scrollWidth") <= PHONE
    said = onnx_shell.ask(
        "const last = [...x.root.querySelectorAll('details')].at(-1); last.open = true;"
        "return [last.querySelector('summary').innerText, last.innerText]"
    )
    assert "Decoded by ONNX Runtime Web 1." in said[0]
    assert "©\u00a0Microsoft, MIT licence" in said[0]
    assert "Permission is hereby granted, free of charge" in said[1]
    assert onnx_shell.cut_off() == 0


def test_a_page_is_told_that_a_class_is_missing(told_onnx_shell):
    told_onnx_shell.open()
    (code,) = np.random.default_rng(0).normal(size=(1, 32)).astype("float32")
    pictures = {
        told: np.float32(
            told_onnx_shell.browser.execute_async_script(
                "const [code, told, done] = arguments;"
                "document.getElementById('explorer').explorer.host.decode("
                "[Float32Array.from(code)], told).then(([p]) => done([...p.data]))",
                code.tolist(),
                told,
            )
        )
        for told in (-1, 1)
    }
    for told, found in pictures.items():
        y = np.array([told])
        known = told_onnx_shell.model.decode(code.reshape(1, 4, 4, 2), y)
        np.testing.assert_allclose(found, np.ravel(known), rtol=0, atol=1e-3)
    assert np.abs(pictures[-1] - pictures[1]).max() > 0.01


def test_codes_that_are_decoded_at_once(onnx_shell):
    onnx_shell.open()
    codes = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
    # All asked for before the first is answered, as panels do.
    found = onnx_shell.browser.execute_async_script(
        "const [codes, done] = arguments;"
        "const { host } = document.getElementById('explorer').explorer;"
        "Promise.all(codes.map((code) => host.decode([Float32Array.from(code)], null)))"
        ".then((all) => done(all.map(([picture]) => [...picture.data])))",
        codes.tolist(),
    )
    known = np.asarray(onnx_shell.model.decode(codes)).reshape(6, -1)
    np.testing.assert_allclose(np.float32(found), known, rtol=0, atol=1e-3)
    assert onnx_shell.browser.get_log("browser") == []
