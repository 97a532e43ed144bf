// An attribute: from the images of one lasso to those of another, applied to any image.

import { applied, attributeVector, settled } from "./codes.js";
import { button, h, pressable, refill, shortNumber, slider } from "./elements.js";
import { paint, sideBySide } from "./pictures.js";
import { saveCsv, savePng } from "./save.js";

const STRENGTHS = [-2, -1, 0, 1, 2];

export class AttributePanel {
  static title = "Attribute";

  constructor(app) {
    this.app = app;
    this.counts = { a: h("strong"), b: h("strong") };
    this.strength = slider("strength", {
      min: -3, max: 3, step: "any", value: 0, onchange: (strength) => app.update({ strength }),
    });
    this.told = h("p", { className: "quiet" });
    this.strip = h("div", { className: "thumbnails" });
    this.element = h("div", {},
      h("p", { className: "quiet", textContent: "Draw a lasso around images that have something, A, and one around others, B. The way from the mean code of B to that of A is what they differ in." }),
      ...["a", "b"].map((set) => h("div", { className: "row" },
        h("span", { className: `set set-${set}`, textContent: set.toUpperCase() }), this.counts[set],
        button("Lasso", () => app.useTool(set)),
        button("What the search finds", () => app.update({ [set]: app.foundRows() })),
        button("Clear", () => app.update({ [set]: [] })))),
      h("div", { className: "row" },
        button("Swap", () => app.update({ a: app.state.b, b: app.state.a })),
        button("B: all others", () => app.update({ b: app.others(app.state.a) })),
        button("Save CSV", () => this.save()),
        button("Save PNG", () => this.canvases && savePng(sideBySide(this.canvases, STRENGTHS.length), "attribute.png"))),
      h("label", { className: "dimension wide" }, h("span", { textContent: "Strength" }), this.strength.range, this.strength.number),
      this.told, this.strip);
  }

  async render() {
    const { app } = this;
    const { a, b, strength } = app.state;
    this.counts.a.textContent = `${a.length} images`;
    this.counts.b.textContent = `${b.length} images`;
    this.strength.set(strength);
    const vector = app.attribute;
    this.strip.hidden = !vector;
    if (!vector) {
      this.told.textContent = "Both sets need an image.";
      return;
    }
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    const order = Array.from(vector.keys()).sort((i, j) => Math.abs(vector[j]) - Math.abs(vector[i])).slice(0, 4);
    this.told.textContent = `Length ${shortNumber(length)}; most of it: ${
      order.map((i) => `dimension ${i} by ${shortNumber(vector[i])}`).join(", ")}.`;
    const codes = STRENGTHS.map((each) => settled(applied(app.baseCode, vector, each), app.subject.header));
    const current = (this.last = {});
    const pictures = await app.decode(codes);
    if (current !== this.last) return;
    this.canvases = pictures.map((picture) => paint(h("canvas"), picture));
    refill(this.strip, this.canvases.map((canvas, n) => pressable(
      canvas, String(STRENGTHS[n]), `strength ${STRENGTHS[n]}`, () => app.update({ strength: STRENGTHS[n] }))));
  }

  save() {
    const vector = this.app.attribute;
    if (vector) saveCsv([["dimension", "value"], ...Array.from(vector, (value, i) => [i, value])], "attribute.csv");
  }
}

/** The attribute vector of two sets of rows; `null` while one is empty. */
export function attributeOf(subject, a, b) {
  return a.length && b.length ? attributeVector(subject.codes, subject.size, a, b) : null;
}
