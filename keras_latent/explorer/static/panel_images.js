// The panels that list images: neighbours of what is shown, outliers, samples.

import { nearest } from "./codes.js";
import { button, h, pressable, shortNumber, thumbnail } from "./elements.js";
import { paint, sideBySide } from "./pictures.js";
import { savePng } from "./save.js";

const NEIGHBOURS = 12;
const OUTLIERS = 24;
const SAMPLES = 12;

export class NeighboursPanel {
  static title = "Neighbours";

  constructor(app) {
    this.app = app;
    this.list = h("div", { className: "thumbnails" });
    this.element = h("div", {}, h("p", { className: "quiet", textContent: "The images whose codes are nearest, and how far." }), this.list);
  }

  render() {
    const { subject, state, code } = this.app;
    const own = state.base.kind === "row" && this.app.isUnchanged ? state.base.row : -1;
    this.found = nearest(subject.codes, subject.size, code, NEIGHBOURS, own);
    this.list.replaceChildren(...this.found.map(({ row, distance }) => pressable(
      thumbnail(subject, row), `${subject.label(row)} ${shortNumber(distance)}`.trim(),
      `${subject.described(row)}, distance ${shortNumber(distance)}`, () => this.app.pick(row))));
  }
}

export class OutliersPanel {
  static title = "Outliers";

  constructor(app) {
    this.app = app;
    this.count = OUTLIERS;
    this.list = h("div", { className: "thumbnails" });
    this.more = button("More", () => {
      this.count += OUTLIERS;
      this.render();
    });
    this.element = h("div", {},
      h("p", { className: "quiet", textContent: "What is reconstructed worst comes first, with its mean squared error. A search narrows it." }),
      this.list, h("div", { className: "row" }, this.more));
  }

  render() {
    const { subject, found } = this.app;
    const rows = subject.byError.filter((row) => found[row]);
    this.more.hidden = rows.length <= this.count;
    this.list.replaceChildren(...rows.slice(0, this.count).map((row) => pressable(
      thumbnail(subject, row), shortNumber(subject.errors[row]),
      `${subject.described(row)}, error ${shortNumber(subject.errors[row])}`, () => this.app.pick(row))));
  }
}

export class SamplesPanel {
  static title = "Samples";

  constructor(app) {
    this.app = app;
    this.list = h("div", { className: "thumbnails" });
    this.element = h("div", {},
      h("p", { className: "quiet", textContent: `Codes drawn from ${app.subject.header.sampled_from}, decoded.` }),
      h("div", { className: "row" },
        button("Draw others", () => app.update({ seed: app.state.seed + 1 })),
        button("Save PNG", () => this.canvases && savePng(sideBySide(this.canvases, 4), "samples.png"))),
      this.list);
  }

  async render() {
    const { app } = this;
    const { seed } = app.state, told = app.condition;
    if (this.drawn === `${seed} ${told}`) return;
    this.drawn = `${seed} ${told}`;
    const codes = await app.samples(seed);
    const pictures = await app.decode(codes);
    if (this.drawn !== `${seed} ${told}`) return;
    this.canvases = pictures.map((picture) => paint(h("canvas"), picture));
    this.list.replaceChildren(...this.canvases.map((canvas, index) => pressable(
      canvas, "", `sample ${index + 1}`, () => app.begin({ kind: "sample", seed, index }))));
  }
}

export { SAMPLES };
