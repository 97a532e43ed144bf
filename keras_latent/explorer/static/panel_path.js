// The way from one image to another.

import { answered } from "./answered.js";
import { between, settled } from "./codes.js";
import { button, choice, h, pressable, refill, slider, thumbnail } from "./elements.js";
import { paint, sideBySide } from "./pictures.js";
import { savePng } from "./save.js";

const STEPS = 9;

export class PathPanel {
  static title = "Path";

  constructor(app) {
    this.app = app;
    this.ends = h("div", { className: "row ends" });
    this.t = slider("place on the way", {
      min: 0, max: 1, step: "any", value: 0, onchange: (t) => app.begin({ kind: "path", t: Math.min(1, Math.max(0, t)) }),
    });
    this.way = choice("kind of the way", [["linear", "straight"], ["spherical", "spherical"]], "linear", (way) => app.update({ way }));
    this.strip = h("div", { className: "thumbnails" });
    this.element = h("div", {},
      h("p", { className: "quiet", textContent: "Choose an image, press Start; choose another, press End." }),
      h("div", { className: "row" },
        button("Start", () => this.take("start")), button("End", () => this.take("end")), this.way,
        button("Save PNG", () => this.canvases && savePng(sideBySide(this.canvases, STEPS), "path.png"))),
      this.ends,
      h("label", { className: "dimension wide" }, h("span", { textContent: "On the way" }), this.t.range, this.t.number),
      this.strip);
  }

  take(end) {
    const { base } = this.app.state;
    if (base.kind === "row") this.app.update({ [end]: base.row });
    else this.app.tell("Choose an image first: ends of a path are images.");
  }

  async render() {
    const { app } = this;
    const { subject, state } = app;
    const { start, end, way, base } = state;
    this.way.value = way;
    if (base.kind === "path") this.t.set(base.t);
    refill(this.ends, [["start", start], ["end", end]].filter(([, row]) => row !== null).map(([name, row]) => pressable(
      thumbnail(subject, row), name, `${name}: ${subject.described(row)}`, () => app.pick(row))));
    const isWhole = start !== null && end !== null;
    this.strip.hidden = !isWhole;
    if (!isWhole) return;
    const condition = app.conditionOf({ kind: "path" });
    const places = Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1));
    const pictures = await answered(this, [start, end, way, condition].join(" "),
      () => app.decode(places.map((t) => pathCode(subject, state, t)), condition));
    if (!pictures) return;
    this.canvases = pictures.map((picture) => paint(h("canvas"), picture));
    refill(this.strip, this.canvases.map((canvas, i) => pressable(
      canvas, "", `${Math.round(100 * places[i])} % of the way`, () => app.begin({ kind: "path", t: places[i] }))));
  }
}

/** The code at `t` on the way. */
export function pathCode(subject, { start, end, way }, t) {
  return settled(between(subject.code(start), subject.code(end), t, way), subject.header);
}
