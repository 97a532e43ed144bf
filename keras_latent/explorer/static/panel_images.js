// The panels that list images: neighbours of what is shown, outliers, samples.

import { answered } from "./answered.js";
import { nearest } from "./codes.js";
import { button, h, pressable, refill, shortNumber, thumbnail } from "./elements.js";
import { paint, sideBySide } from "./pictures.js";
import { saveCsv, savePng } from "./save.js";

const NEIGHBOURS = 12;
const OUTLIERS = 24;
const SAMPLES = 12;

export class NeighboursPanel {
  static title = "Neighbours";

  constructor(app) {
    this.app = app;
    this.list = h("div", { className: "thumbnails" });
    this.element = h("div", {},
      h("p", { className: "quiet", textContent: "The images whose codes are nearest, and how far." }),
      saving(() => this.list, "neighbours", () => [["row", "class", "file", "distance"],
        ...this.found.map(({ row, distance }) => [row, app.subject.label(row), app.subject.name(row), distance])]),
      this.list);
  }

  render() {
    const { subject, state, code } = this.app;
    const own = state.base.kind === "row" && this.app.isUnchanged ? state.base.row : -1;
    this.found = nearest(subject.codes, subject.size, code, NEIGHBOURS, own);
    refill(this.list, this.found.map(({ row, distance }) => pressable(
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
      saving(() => this.list, "outliers", () => [["row", "class", "file", "error"],
        ...this.rows.map((row) => [row, app.subject.label(row), app.subject.name(row), app.subject.errors[row]])]),
      this.list, h("div", { className: "row" }, this.more));
  }

  render() {
    const { subject, found } = this.app;
    const rows = subject.byError.filter((row) => found[row]);
    this.more.hidden = rows.length <= this.count;
    this.rows = rows.slice(0, this.count);
    refill(this.list, this.rows.map((row) => pressable(
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
    const pictures = await answered(this, `${seed} ${told}`, async () => app.decode(await app.samples(seed), told));
    if (!pictures) return;
    this.canvases = pictures.map((picture) => paint(h("canvas"), picture));
    refill(this.list, this.canvases.map((canvas, index) => pressable(
      canvas, "", `sample ${index + 1}`, () => app.begin({ kind: "sample", seed, index }))));
  }
}

/** Buttons that save what a list shows: its pictures, and its numbers. */
function saving(list, name, rows) {
  const canvases = () => Array.from(list().querySelectorAll("canvas"));
  return h("div", { className: "row" },
    button("Save PNG", () => canvases().length && savePng(sideBySide(canvases(), 4), `${name}.png`)),
    button("Save CSV", () => saveCsv(rows(), `${name}.csv`)));
}

export { SAMPLES };
