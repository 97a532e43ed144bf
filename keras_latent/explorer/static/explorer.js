// The explorer: puts the map, the chosen picture and the panels together.

import { applied, settled } from "./codes.js";
import { coloursOf } from "./colours.js";
import { breakable } from "./elements.js";
import { buildFrame } from "./frame.js";
import { fromLink, toLink } from "./link.js";
import { attributeOf } from "./panel_attribute.js";
import { SAMPLES } from "./panel_images.js";
import { pathCode } from "./panel_path.js";
import { saveCsv } from "./save.js";

const AT_ONCE = 64;
const THEME = "keras-latent-explorer-theme";

export class Explorer {
  constructor(root, host, subject) {
    Object.assign(this, { root, host, subject, drawnSamples: new Map(), lastWritten: -Infinity });
    const [firstMap] = subject.header.maps;
    this.state = {
      firstMap, map: firstMap, view: null, colour: subject.header.classes.length ? "label" : "none",
      search: "", only: null, tab: "neighbours", base: { kind: "row", row: 0 }, edits: {}, strength: 0,
      condition: null, told: 0, a: [], b: [], start: null, end: null, way: "linear", seed: 0,
    };
    this.initial = { ...this.state };
    if (host.hasLink) {
      Object.assign(this.state, fromLink(window.location.hash, subject));
      window.addEventListener("hashchange", () => this.follow());
    }
    try {
      const theme = window.localStorage.getItem(THEME);
      if (["light", "dark"].includes(theme)) this.useTheme(theme);
    } catch {
      // Nothing was kept.
    }
    buildFrame(this);
  }

  /** Change the state, and show what follows. */
  async update(changes) {
    // A place has no class of its own: it keeps that of what was chosen before.
    const told = this.condition ?? 0;
    Object.assign(this.state, { told }, changes);
    const { state } = this;
    if (["search", "only", "colour", "map"].some((name) => name in changes)) this.showMap();
    if ("a" in changes || "b" in changes) this.attribute = attributeOf(this.subject, state.a, state.b);
    this.writeLink();
    await this.recompute();
  }

  /** Everything, for the first time or of another link. */
  async open() {
    const { state } = this;
    if (!(state.tab in this.panels)) state.tab = "neighbours";
    this.attribute = attributeOf(this.subject, state.a, state.b);
    this.map.resize();
    this.showMap();
    if (state.view) this.map.look(state.view);
    await this.recompute();
  }

  /** Take the state of a link that was put into the address of the open page. */
  follow() {
    Object.assign(this.state, this.initial, fromLink(window.location.hash, this.subject));
    return this.open();
  }

  async recompute() {
    const current = (this.lastCompute = {});
    this.tell("");
    try {
      this.baseCode = await this.codeOf(this.state.base);
      if (current !== this.lastCompute) return;
      const { strength, edits } = this.state;
      let code = Float32Array.from(this.baseCode);
      if (this.attribute && strength) code = applied(code, this.attribute, strength);
      for (const [i, value] of Object.entries(edits)) code[i] = value;
      this.code = settled(code, this.subject.header);
      this.render();
      await this.decodeChosen();
    } catch (error) {
      this.tell(error.message);
    }
  }

  async codeOf(base) {
    const { subject, state } = this;
    if (base.kind === "row") return subject.code(base.row);
    if (base.kind === "place") return settled(subject.maps[base.map].codeAt(base.x, base.y), subject.header);
    if (base.kind === "path") return pathCode(subject, state, base.t);
    return (await this.samples(base.seed))[base.index % SAMPLES];
  }

  get isUnchanged() {
    const { edits, strength, condition } = this.state;
    return !Object.keys(edits).length && !(this.attribute && strength) && condition === null;
  }

  /** The class that the model is told; `null` if it is told none. */
  get condition() {
    return this.conditionOf(this.state.base);
  }

  conditionOf(base) {
    const { conditions } = this.subject;
    const { condition, told, start } = this.state;
    if (!conditions) return null;
    if (condition !== null) return condition;
    if (base.kind === "row") return conditions[base.row];
    return base.kind === "path" ? conditions[start] : told;
  }

  async decode(codes, condition = this.condition) {
    const pictures = [];
    for (let at = 0; at < codes.length; at += AT_ONCE) {
      pictures.push(...await this.host.decode(codes.slice(at, at + AT_ONCE), condition));
    }
    return pictures;
  }

  samples(seed) {
    if (!this.drawnSamples.has(seed)) this.drawnSamples.set(seed, this.host.sample(SAMPLES, seed));
    return this.drawnSamples.get(seed);
  }

  // While one picture is decoded, only the last that was asked for waits.
  async decodeChosen() {
    this.isAsked = true;
    if (this.isDecoding) return this.isDecoding;
    this.isDecoding = (async () => {
      while (this.isAsked) {
        this.isAsked = false;
        const { code, condition, state: { base } } = this;
        const [picture] = await this.host.decode([code], condition);
        this.shown = { code, condition, picture };
        this.stage.showDecoded(picture);
        if (base.kind === "row" && this.originalRow !== base.row) {
          this.originalRow = base.row;
          this.stage.showOriginal(await this.original(base.row));
        }
      }
    })();
    try {
      await this.isDecoding;
    } finally {
      this.isDecoding = null;
    }
  }

  async original(row) {
    const { sprites, header } = this.subject;
    const whole = header.atlas.is_whole ? null : await this.host.original(row);
    if (whole) return whole;
    const [left, top, width, height] = this.subject.cell(row);
    const { data } = sprites.getContext("2d").getImageData(left, top, width, height);
    return { shape: [height, width, 3], data: Uint8Array.from({ length: 3 * width * height }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]) };
  }

  render() {
    const { state, map, subject } = this;
    this.stage.describe();
    for (const [name, tab] of Object.entries(this.tabs)) {
      const isOpen = name === state.tab;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
    }
    const open = this.panels[state.tab];
    this.panel.setAttribute("aria-labelledby", this.tabs[state.tab].id);
    if (this.panel.firstChild !== open.element) this.panel.replaceChildren(open.element);
    Promise.resolve(open.render()).catch((error) => this.tell(error.message));
    const shownMap = subject.maps[state.map];
    const isRow = state.base.kind === "row" && this.isUnchanged;
    const isPath = state.start !== null && state.end !== null && (state.tab === "path" || state.base.kind === "path");
    map.mark({
      row: state.base.kind === "row" ? state.base.row : -1,
      place: isRow ? null : state.base.kind === "place" && state.base.map === state.map && this.isUnchanged ? [state.base.x, state.base.y] : shownMap.placeOf(this.code),
      path: isPath ? Array.from({ length: 17 }, (_, i) => shownMap.placeOf(pathCode(subject, state, i / 16))) : null,
    });
  }

  showMap() {
    const { state, subject } = this;
    this.found = Uint8Array.from({ length: subject.count }, (_, row) => (subject.isFound(row, state.search, state.only) ? 1 : 0));
    const count = this.found.reduce((a, b) => a + b, 0);
    this.counted.textContent = state.search || state.only !== null ? `${count.toLocaleString("en")} found` : "";
    const isOther = this.shownMap !== state.map;
    this.shownMap = state.map;
    this.map.show(subject.maps[state.map].points, coloursOf(subject, state.colour), this.found);
    if (isOther && !state.view) this.map.fit();
    this.colour.value = state.colour;
    this.mapChoice.value = state.map;
    if (this.search.value !== state.search) this.search.value = state.search;
    for (const chip of this.legend.querySelectorAll(".chip")) chip.setAttribute("aria-pressed", String(Number(chip.dataset.label) === state.only));
  }

  /** Choose an image. */
  pick(row) {
    return this.begin({ kind: "row", row });
  }

  /** Choose something else; what was changed by hand belonged to what was chosen before. */
  begin(base) {
    return this.update({ base, edits: {} });
  }

  foundRows() {
    return Array.from(this.found.keys()).filter((row) => this.found[row]);
  }

  others(rows) {
    const taken = new Set(rows);
    return Array.from({ length: this.subject.count }, (_, row) => row).filter((row) => !taken.has(row));
  }

  rankOf(row) {
    return this.subject.byError.indexOf(row) + 1;
  }

  /** The next image of those that the search finds, or the one before it. */
  step(by) {
    const rows = this.foundRows();
    if (!rows.length) return;
    const { base } = this.state;
    const at = rows.indexOf(base.kind === "row" ? base.row : -1);
    const row = rows[at < 0 ? 0 : (at + by + rows.length) % rows.length];
    const { points } = this.map;
    this.map.look({ ...this.map.view, x: points[2 * row], y: points[2 * row + 1] });
    this.pick(row);
  }

  useTool(tool) {
    this.map.tool = tool;
    this.mapRoot.classList.toggle("lasso", tool !== "pan");
    for (const [name, each] of Object.entries(this.tools)) each.setAttribute("aria-pressed", String(name === tool));
    if (tool !== "pan") this.tell(`Draw a line around the images of ${tool.toUpperCase()}.`);
  }

  caught(rows) {
    const { tool } = this.map;
    this.useTool("pan");
    if (!rows.length) return this.tell(`No image lies within the line; ${tool.toUpperCase()} is as it was.`);
    return this.update({ [tool]: rows, tab: "attribute" });
  }

  hover(row, x, y) {
    this.tip.hidden = row < 0;
    if (row < 0) return;
    this.tip.replaceChildren(...breakable(this.subject.described(row)));
    const room = this.mapRoot.clientWidth - this.tip.offsetWidth - 8;
    this.tip.style.left = `${Math.max(4, Math.min(x + 14, room))}px`;
    this.tip.style.top = `${y < 60 ? y + 22 : y - 34}px`;
  }

  moveTab(event, name) {
    const names = Object.keys(this.tabs);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = names[(names.indexOf(name) + by + names.length) % names.length];
    this.update({ tab: next });
    this.tabs[next].focus();
  }

  saveCodes() {
    const { subject, found } = this;
    const { points } = this.map;
    const dimensions = Array.from({ length: subject.size }, (_, i) => `z${i}`);
    const rows = this.foundRows().map((row) => [
      row, subject.label(row), subject.name(row), points[2 * row], points[2 * row + 1], subject.errors[row], ...subject.code(row),
    ]);
    saveCsv([["row", "class", "file", "x", "y", "error", ...dimensions], ...rows], found.every(Boolean) ? "codes.csv" : "codes_found.csv");
  }

  keepView() {
    this.state.view = { ...this.map.view };
    this.writeLink();
  }

  // Browsers take but some hundred new addresses in a few seconds.
  writeLink() {
    if (!this.host.hasLink) return;
    clearTimeout(this.linkTimer);
    const wait = this.lastWritten + 250 - performance.now();
    if (wait > 0) this.linkTimer = setTimeout(() => this.writeLink(), wait);
    else {
      this.lastWritten = performance.now();
      window.history.replaceState(null, "", `#${toLink(this.state)}`);
    }
  }

  async copyLink() {
    this.lastWritten = -Infinity;
    this.writeLink();
    try {
      await navigator.clipboard.writeText(window.location.href);
      this.tell("The link is copied.");
    } catch {
      this.tell("The link is in the address of this page.");
    }
  }

  toggleTheme() {
    const isDark = this.root.dataset.theme ? this.root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
    this.useTheme(isDark ? "light" : "dark");
    this.map.redraw();
    try {
      window.localStorage.setItem(THEME, this.root.dataset.theme);
    } catch {
      // Where nothing may be kept, the choice holds until the page is left.
    }
  }

  useTheme(theme) {
    this.root.dataset.theme = theme;
    document.documentElement.dataset.explorerTheme = theme;
  }

  tell(message) {
    this.status.textContent = message;
  }
}
