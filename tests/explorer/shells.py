"""An explorer in a browser, and what a hand does with it."""

import time

import numpy as np

from tests.browsers import DESKTOP, open_page

APP = "const x = document.getElementById('explorer')?.explorer; "


class Shell:
    """An explorer that is open in a browser, and the model that it is of."""

    def __init__(self, browser, model, codes):
        self.browser, self.model, self.codes = browser, model, codes

    def pump(self):
        """Carry messages, where the page doesn't ask by itself."""

    def open(self, width=DESKTOP):
        open_page(self.browser, self.url, width)
        self.wait("return !!x?.shown")

    def ask(self, script, *given):
        return self.browser.execute_script(APP + script, *given)

    def wait(self, script):
        deadline = time.monotonic() + 60
        while not self.ask(script):
            self.pump()
            assert time.monotonic() < deadline, self.browser.get_log("browser")
            time.sleep(0.02)

    def cut_off(self):
        """How many parts of the panel on the right end beyond the screen."""
        return self.ask(
            "return [...x.root.querySelectorAll('.right *')]"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1).length"
        )

    def mouse(self, kind, left, top):
        # The places are those of the map.
        box = self.ask(
            "const b = x.map.overlay.getBoundingClientRect(); return [b.left, b.top]"
        )
        self.browser.execute_cdp_cmd(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": box[0] + left,
                "y": box[1] + top,
                "button": "left",
                "buttons": 0 if kind == "mouseReleased" else 1,
                "clickCount": 1,
            },
        )

    def drag(self, places):
        self.mouse("mousePressed", *places[0])
        for place in places[1:]:
            self.mouse("mouseMoved", *place)
        self.mouse("mouseReleased", *places[-1])

    def click(self, left, top):
        self.drag([(left, top)])

    def decoded(self):
        """The code of what is shown, what the model is told, and the pixels."""
        self.wait("return x.shown.code === x.code && !x.isDecoding")
        code, told, pixels, shape = self.ask(
            "return [[...x.shown.code], x.shown.condition, [...x.shown.picture.data], "
            "x.shown.picture.shape]"
        )
        return np.float32(code), told, np.float32(pixels).reshape(shape)
