// The explorer: puts the map, the chosen picture and the panels together.

import { applied, settled } from "./codes.js";
import { classColour, coloursOf } from "./colours.js";
import { button, choice, h } from "./elements.js";
import { PageHost, notebookHost, serverHost } from "./hosts.js";
import { fromLink, toLink } from "./link.js";
import { CodeMap } from "./map.js";
import { AttributePanel, attributeOf } from "./panel_attribute.js";
import { DimensionsPanel } from "./panel_dimensions.js";
import { NeighboursPanel, OutliersPanel, SAMPLES, SamplesPanel } from "./panel_images.js";
import { PathPanel, pathCode } from "./panel_path.js";
import { onCanvas } from "./pictures.js";
import { saveCsv, savePng } from "./save.js";
import { Stage } from "./stage.js";
import { Subject } from "./subject.js";

const MAP_NAMES = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };
const MOST_CLASSES = 24;
const AT_ONCE = 64;
const KEYS = [
  ["arrows", "move the map"], ["+ −", "zoom"], ["0", "show all"],
  ["Enter", "choose what is in the middle"], ["n, p", "next and previous image of those found"],
  ["/", "search"], ["a, b", "lasso A, lasso B"], ["Escape", "back to moving the map"],
];

export class Explorer {
  constructor(root, host, subject) {
    Object.assign(this, { root, host, subject, drawnSamples: new Map() });
    const [firstMap] = subject.header.maps;
    this.state = {
      firstMap, map: firstMap, view: null, colour: subject.header.classes.length ? "label" : "none",
      search: "", tab: "neighbours", base: { kind: "row", row: 0 }, edits: {}, strength: 0,
      condition: null, a: [], b: [], start: null, end: null, way: "linear", seed: 0,
    };
    if (host.hasLink) Object.assign(this.state, fromLink(window.location.hash, subject));
    this.build();
  }

  build() {
    const { subject } = this;
    const { header } = subject;
    this.search = h("input", {
      type: "search", placeholder: "class, file or number", "aria-label": "search",
      oninput: () => {
        clearTimeout(this.searchTimer);
        this.searchTimer = setTimeout(() => this.update({ search: this.search.value }), 150);
      },
      onkeydown: async (event) => {
        if (event.key !== "Enter") return;
        clearTimeout(this.searchTimer);
        await this.update({ search: this.search.value });
        this.step(1);
      },
    });
    this.colour = choice("colour", [["label", "by class"], ["error", "by error"], ["none", "plain"]],
      this.state.colour, (colour) => this.update({ colour }));
    this.mapChoice = choice("map", header.maps.map((name) => [name, MAP_NAMES[name]]), this.state.map,
      (map) => this.update({ map, view: null }));
    this.tools = Object.fromEntries([["pan", "Move"], ["a", "Lasso A"], ["b", "Lasso B"]].map(([tool, text]) =>
      [tool, button(text, () => this.useTool(tool), { "aria-pressed": String(tool === "pan") })]));
    this.legend = h("div", { className: "legend", "aria-label": "classes" });
    this.counted = h("span", { className: "quiet counted" });
    this.status = h("p", { className: "status", role: "status" });
    this.tip = h("div", { className: "tip", hidden: true });
    this.mapRoot = h("div", { className: "map-root", tabIndex: 0, role: "application", "aria-label": "map of the codes; arrows move it, plus and minus zoom, Enter chooses what is in the middle" },
      h("canvas", { className: "map" }), h("canvas", { className: "overlay" }), h("div", { className: "cross" }), this.tip,
      h("div", { className: "zoom" },
        button("+", () => this.map.zoom(1.5), { "aria-label": "zoom in" }),
        button("−", () => this.map.zoom(1 / 1.5), { "aria-label": "zoom out" }),
        button("All", () => this.map.fit(), { "aria-label": "show all" })));
    this.stage = new Stage(this);
    const kinds = { neighbours: NeighboursPanel, dimensions: DimensionsPanel, attribute: AttributePanel, path: PathPanel, outliers: OutliersPanel };
    if (header.can_sample) kinds.samples = SamplesPanel;
    if (!(this.state.tab in kinds)) this.state.tab = "neighbours";
    this.panels = Object.fromEntries(Object.entries(kinds).map(([name, Kind]) => [name, new Kind(this)]));
    const unique = Math.random().toString(36).slice(2);
    this.tabs = Object.fromEntries(Object.entries(kinds).map(([name, { title }]) => [name, h("button", {
      type: "button", role: "tab", id: `${unique}-${name}`, "aria-controls": `${unique}-panel`, textContent: title,
      onclick: () => this.update({ tab: name }), onkeydown: (event) => this.moveTab(event, name),
    })]));
    this.panel = h("div", { role: "tabpanel", id: `${unique}-panel`, className: "panel" });
    this.root.replaceChildren(
      h("header", { className: "head" }, h("h1", { textContent: header.title }),
        h("span", { className: "quiet", textContent: `${subject.count.toLocaleString("en")} images, codes of ${header.code_shape.join(" × ")}` }),
        h("div", { className: "actions" },
          button("Map as PNG", () => savePng(this.map.picture(), "map.png")),
          button("Codes as CSV", () => this.saveCodes()),
          ...(this.host.hasLink ? [button("Copy link", () => this.copyLink())] : []),
          button("Light or dark", () => this.toggleTheme()))),
      h("div", { className: "body" },
        h("div", { className: "left" },
          h("div", { className: "bar" }, this.search, this.counted, this.colour,
            ...(header.maps.length > 1 ? [this.mapChoice] : []),
            h("span", { className: "tools", role: "group", "aria-label": "what the pointer does" }, ...Object.values(this.tools))),
          this.mapRoot, this.legend),
        h("aside", { className: "right" }, this.status, this.stage.element,
          h("div", { role: "tablist", className: "tabs", "aria-label": "tools" }, ...Object.values(this.tabs)), this.panel,
          h("details", { className: "keys" }, h("summary", { textContent: "Keys on the map" }),
            h("dl", {}, ...KEYS.flatMap(([key, does]) => [h("dt", { textContent: key }), h("dd", { textContent: does })]))))));
    this.search.value = this.state.search;
    this.map = new CodeMap(this.mapRoot, subject, {
      pick: (row) => this.pick(row),
      place: (x, y) => this.begin({ kind: "place", x, y }),
      lasso: (rows) => this.caught(rows),
      hover: (row, x, y) => this.hover(row, x, y),
      moved: () => this.keepView(),
    });
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.showLegend();
  }

  /** Change the state, and show what follows. */
  async update(changes) {
    Object.assign(this.state, changes);
    const { state } = this;
    if (["search", "colour", "map"].some((name) => name in changes)) this.showMap();
    if ("a" in changes || "b" in changes) this.attribute = attributeOf(this.subject, state.a, state.b);
    this.writeLink();
    await this.recompute();
  }

  /** Everything, for the first time. */
  async begin0() {
    const { state } = this;
    this.attribute = attributeOf(this.subject, state.a, state.b);
    this.map.resize();
    this.showMap();
    if (state.view) this.map.look(state.view);
    await this.recompute();
  }

  async recompute() {
    const current = (this.lastCompute = {});
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
      this.tell("");
    } catch (error) {
      this.tell(error.message);
    }
  }

  async codeOf(base) {
    const { subject, state } = this;
    if (base.kind === "row") return subject.code(base.row);
    if (base.kind === "place") return settled(subject.maps[state.map].codeAt(base.x, base.y), subject.header);
    if (base.kind === "path") return pathCode(subject, state, base.t);
    return (await this.samples(base.seed))[base.index % SAMPLES];
  }

  get isUnchanged() {
    const { edits, strength, condition } = this.state;
    return !Object.keys(edits).length && !(this.attribute && strength) && condition === null;
  }

  /** The class that the model is told; `null` if it is told none. */
  get condition() {
    const { conditions } = this.subject;
    const { condition, base } = this.state;
    if (!conditions) return null;
    return condition ?? (base.kind === "row" ? conditions[base.row] : 0);
  }

  async decode(codes) {
    const pictures = [];
    for (let at = 0; at < codes.length; at += AT_ONCE) {
      pictures.push(...await this.host.decode(codes.slice(at, at + AT_ONCE), this.condition));
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
      place: isRow ? null : state.base.kind === "place" && this.isUnchanged ? [state.base.x, state.base.y] : shownMap.placeOf(this.code),
      path: isPath ? Array.from({ length: 17 }, (_, i) => shownMap.placeOf(pathCode(subject, state, i / 16))) : null,
    });
  }

  showMap() {
    const { state, subject } = this;
    this.found = Uint8Array.from({ length: subject.count }, (_, row) => (subject.isFound(row, state.search) ? 1 : 0));
    const count = this.found.reduce((a, b) => a + b, 0);
    this.counted.textContent = state.search ? `${count.toLocaleString("en")} found` : "";
    const isOther = this.shownMap !== state.map;
    this.shownMap = state.map;
    this.map.show(subject.maps[state.map].points, coloursOf(subject, state.colour), this.found);
    if (isOther && !state.view) this.map.fit();
    this.colour.value = state.colour;
    this.mapChoice.value = state.map;
    if (this.search.value !== state.search) this.search.value = state.search;
    for (const chip of this.legend.children) chip.setAttribute("aria-pressed", String(chip.dataset.name === state.search && state.search !== ""));
  }

  showLegend() {
    const { classes } = this.subject.header;
    this.legend.hidden = classes.length === 0;
    this.legend.replaceChildren(...classes.slice(0, MOST_CLASSES).map((name, i) => {
      const dot = h("span", { className: "dot" });
      dot.style.background = `rgb(${classColour(i, classes.length).join(" ")})`;
      const chip = button("", () => this.update({ search: this.state.search === name ? "" : name }), { className: "chip", "aria-pressed": "false" });
      chip.dataset.name = name;
      chip.append(dot, name);
      return chip;
    }));
    if (classes.length > MOST_CLASSES) this.legend.append(h("span", { className: "quiet", textContent: `and ${classes.length - MOST_CLASSES} more` }));
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
    return this.update({ [tool]: rows, tab: "attribute" });
  }

  hover(row, x, y) {
    this.tip.hidden = row < 0;
    if (row < 0) return;
    this.tip.textContent = this.subject.described(row);
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

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      this.useTool("pan");
      this.tell("");
      if (isTyping) this.mapRoot.focus();
      return;
    }
    const actions = { "/": () => this.search.focus(), n: () => this.step(1), p: () => this.step(-1), a: () => this.useTool("a"), b: () => this.useTool("b") };
    if (event.target === this.mapRoot) {
      const { clientWidth, clientHeight } = this.mapRoot;
      Object.assign(actions, {
        ArrowLeft: () => this.map.pan(60, 0), ArrowRight: () => this.map.pan(-60, 0),
        ArrowUp: () => this.map.pan(0, 60), ArrowDown: () => this.map.pan(0, -60),
        "+": () => this.map.zoom(1.3), "=": () => this.map.zoom(1.3), "-": () => this.map.zoom(1 / 1.3), 0: () => this.map.fit(),
        Enter: () => this.map.choose(clientWidth / 2, clientHeight / 2), " ": () => this.map.choose(clientWidth / 2, clientHeight / 2),
      });
    }
    if (isTyping || !(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
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
    clearTimeout(this.viewTimer);
    this.viewTimer = setTimeout(() => this.writeLink(), 250);
  }

  writeLink() {
    if (this.host.hasLink) window.history.replaceState(null, "", `#${toLink(this.state)}`);
  }

  async copyLink() {
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
    this.root.dataset.theme = isDark ? "light" : "dark";
    document.documentElement.dataset.explorerTheme = this.root.dataset.theme;
    this.map.redraw();
  }

  tell(message) {
    this.status.textContent = message;
  }
}

/** Explore in an element of a page what a host has. */
export async function explore(root, host) {
  root.classList.add("keras-latent-explorer");
  root.textContent = "Reading the codes …";
  try {
    const content = await host.load();
    const { atlas } = content.arrays;
    const sprites = onCanvas(await createImageBitmap(new Blob([atlas.data], { type: "image/png" })));
    const explorer = new Explorer(root, host, new Subject(content, sprites));
    root.explorer = explorer;
    await explorer.begin0();
    return explorer;
  } catch (error) {
    root.textContent = `The explorer can't start: ${error.message}`;
    throw error;
  }
}

/** What the static page and the page of the server call. */
export function explorePage() {
  const root = document.getElementById("explorer");
  const content = document.getElementById("content");
  return explore(root, content ? new PageHost(content.textContent) : serverHost());
}

/** What a notebook calls. */
function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  explore(root, notebookHost(model));
  return () => root.explorer?.map.close();
}

export default { render };
