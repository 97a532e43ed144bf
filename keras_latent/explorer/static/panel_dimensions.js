// Sliders of the dimensions of the code, those that vary most first.

import { button, h, shortNumber, slider } from "./elements.js";

const SHOWN = 32;

export class DimensionsPanel {
  static title = "Dimensions";

  constructor(app) {
    this.app = app;
    this.sliders = new Map();
    this.list = h("div", { className: "dimensions" });
    this.more = button("", () => this.add(this.sliders.size + SHOWN));
    this.element = h("div", {},
      h("p", { className: "quiet", textContent: "Each dimension of the code, what varies most first; the small number is its variance over the images." }),
      h("div", { className: "row" }, button("Reset", () => app.update({ edits: {} }))),
      this.list, h("div", { className: "row" }, this.more));
    this.add(SHOWN);
  }

  add(count) {
    const { app } = this;
    const { order, means, variances, lowest, highest } = app.subject.usage;
    for (const i of order.slice(this.sliders.size, count)) {
      const reach = 4 * Math.sqrt(variances[i]) || 1;
      const made = slider(`dimension ${i}`, {
        min: Math.min(lowest[i], means[i] - reach),
        max: Math.max(highest[i], means[i] + reach),
        step: "any",
        value: 0,
        onchange: (value) => app.update({ edits: { ...app.state.edits, [i]: value } }),
      });
      this.sliders.set(i, made);
      this.list.append(h("div", { className: "dimension" },
        h("span", { className: "name", textContent: i, title: placeIn(app.subject.header.code_shape, i) }), made.range, made.number,
        h("span", { className: "quiet", title: "variance over the images", textContent: shortNumber(variances[i]) })));
    }
    this.more.hidden = this.sliders.size >= order.length;
    this.more.textContent = `More of ${order.length}`;
    if (app.code) this.render();
  }

  render() {
    const { code, state } = this.app;
    for (const [i, { range, set }] of this.sliders) {
      set(code[i]);
      range.classList.toggle("changed", i in state.edits);
    }
  }
}

/** Where a dimension is in a code that is a map. */
function placeIn([, width, channels], i) {
  if (channels === undefined) return `dimension ${i}`;
  return `row ${Math.floor(i / (width * channels))}, column ${Math.floor(i / channels) % width}, channel ${i % channels}`;
}
