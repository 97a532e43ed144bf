// What is chosen: the image as it is, and what the model makes of its code.

import { breakable, button, choice, h, shortNumber } from "./elements.js";
import { paint, sideBySide } from "./pictures.js";
import { saveCsv, savePng } from "./save.js";

export class Stage {
  constructor(app) {
    this.app = app;
    const { conditions } = app.subject.header;
    this.original = h("canvas", { role: "img", "aria-label": "the image" });
    this.decoded = h("canvas", { role: "img", "aria-label": "what the model decodes" });
    this.originalFigure = h("figure", {}, this.original, h("figcaption", { textContent: "image" }));
    this.caption = h("figcaption");
    this.heading = h("h2");
    this.facts = h("p", { className: "quiet facts" });
    this.condition = conditions && choice("class that the model is told",
      [["", "of the image"], ...conditions.map((name, i) => [String(i), name])], "",
      (value) => app.update({ condition: value === "" ? null : Number(value) }));
    this.element = h("section", { className: "stage", "aria-label": "chosen" },
      this.heading,
      h("div", { className: "figures" }, this.originalFigure, h("figure", {}, this.decoded, this.caption)),
      this.facts,
      ...(this.condition ? [h("label", { className: "row" }, h("span", { textContent: "Told class" }), this.condition)] : []),
      h("div", { className: "row" },
        button("Save PNG", () => this.save()),
        button("Code as CSV", () => saveCsv([["dimension", "value"], ...Array.from(app.code, (value, i) => [i, value])], "code.csv")),
        button("Undo changes", () => app.update({ edits: {}, strength: 0, condition: null }))));
  }

  /** Show what doesn't wait for the decoder. */
  describe() {
    const { app } = this;
    const { state, subject } = app;
    const { base } = state;
    this.originalFigure.hidden = base.kind !== "row";
    this.caption.textContent = app.isUnchanged && base.kind === "row" ? "reconstruction" : "decoded";
    const headings = {
      row: () => subject.described(base.row),
      place: () => "A place between the images",
      sample: () => `Sample ${base.index + 1} of ${subject.header.sampled_from}`,
      path: () => `${Math.round(100 * base.t)} % of the way`,
    };
    this.heading.replaceChildren(...breakable(headings[base.kind]()));
    const facts = base.kind === "row"
      ? [`row ${base.row}`, `error ${shortNumber(subject.errors[base.row])}`,
        `${app.rankOf(base.row)} of ${subject.count} by error`]
      : [];
    const changed = Object.keys(state.edits).length;
    if (changed) facts.push(`${changed} dimension${changed > 1 ? "s" : ""} changed`);
    if (state.strength && app.attribute) facts.push(`attribute × ${shortNumber(state.strength)}`);
    this.facts.textContent = facts.join(" · ");
    if (this.condition) {
      const { conditions } = subject.header;
      const untold = conditions[app.conditionOf(base)] ?? "none";
      const whose = { row: "of the image", path: "of the start" }[base.kind] ?? "of the image before";
      if (state.condition === null) this.condition.options[0].textContent = `${whose}: ${untold}`;
      this.condition.value = state.condition === null ? "" : String(state.condition);
    }
  }

  showOriginal(pixels) {
    paint(this.original, pixels);
  }

  showDecoded(pixels) {
    paint(this.decoded, pixels);
  }

  save() {
    const shown = this.app.state.base.kind === "row" ? [this.original, this.decoded] : [this.decoded];
    savePng(sideBySide(shown, shown.length), "picture.png");
  }
}
