// The elements around the map: tools, legend, tabs.

import { classColours } from "./colours.js";
import { breakable, button, choice, h } from "./elements.js";
import { keysHelp, onKey } from "./keys.js";
import { CodeMap } from "./map.js";
import { AttributePanel } from "./panel_attribute.js";
import { DimensionsPanel } from "./panel_dimensions.js";
import { NeighboursPanel, OutliersPanel, SamplesPanel } from "./panel_images.js";
import { PathPanel } from "./panel_path.js";
import { savePng } from "./save.js";
import { Stage } from "./stage.js";

const MAP_NAMES = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };

/** Make the elements of an explorer, and put them into its root. */
export function buildFrame(app) {
  const { subject } = app;
  const { header } = subject;
  app.search = h("input", {
    type: "search", placeholder: "class, file or number", "aria-label": "search",
    oninput: () => {
      clearTimeout(app.searchTimer);
      app.searchTimer = setTimeout(() => app.update({ search: app.search.value }), 150);
    },
    onkeydown: async (event) => {
      if (event.key !== "Enter") return;
      clearTimeout(app.searchTimer);
      await app.update({ search: app.search.value });
      app.step(1);
    },
  });
  app.colour = choice("colour", [["label", "by class"], ["error", "by error"], ["none", "plain"]],
    app.state.colour, (colour) => app.update({ colour }));
  app.mapChoice = choice("map", header.maps.map((name) => [name, MAP_NAMES[name]]), app.state.map,
    (map) => app.update({ map, view: null }));
  app.tools = Object.fromEntries([["pan", "Move"], ["a", "Lasso A"], ["b", "Lasso B"]].map(([tool, text]) =>
    [tool, button(text, () => app.useTool(tool), { "aria-pressed": String(tool === "pan") })]));
  app.legend = h("div", { className: "legend", "aria-label": "classes" });
  app.counted = h("span", { className: "quiet counted" });
  app.status = h("p", { className: "status", role: "status" });
  app.tip = h("div", { className: "tip", hidden: true });
  app.mapRoot = h("div", { className: "map-root", tabIndex: 0, role: "application", "aria-label": "map of the codes; arrows move it, plus and minus zoom, Enter chooses what is in the middle" },
    h("canvas", { className: "map" }), h("canvas", { className: "overlay" }), h("div", { className: "cross" }), app.tip,
    h("div", { className: "zoom" },
      button("+", () => app.map.zoom(1.5), { "aria-label": "zoom in" }),
      button("−", () => app.map.zoom(1 / 1.5), { "aria-label": "zoom out" }),
      button("All", () => app.map.fit(), { "aria-label": "show all" })));
  app.stage = new Stage(app);
  const kinds = { neighbours: NeighboursPanel, dimensions: DimensionsPanel, attribute: AttributePanel, path: PathPanel, outliers: OutliersPanel };
  if (header.sampled_from) kinds.samples = SamplesPanel;
  app.panels = Object.fromEntries(Object.entries(kinds).map(([name, Kind]) => [name, new Kind(app)]));
  const unique = Math.random().toString(36).slice(2);
  app.tabs = Object.fromEntries(Object.entries(kinds).map(([name, { title }]) => [name, h("button", {
    type: "button", role: "tab", id: `${unique}-${name}`, "aria-controls": `${unique}-panel`, textContent: title,
    onclick: () => app.update({ tab: name }), onkeydown: (event) => app.moveTab(event, name),
  })]));
  app.panel = h("div", { role: "tabpanel", id: `${unique}-panel`, className: "panel" });
  app.root.replaceChildren(
    h("header", { className: "head" }, h("h1", { textContent: header.title }),
      h("span", { className: "quiet", textContent: subject.summary }),
      h("div", { className: "actions" },
        button("Map as PNG", () => savePng(app.map.picture(), "map.png")),
        button("Codes as CSV", () => app.saveCodes()),
        ...(app.host.hasLink ? [button("Copy link", () => app.copyLink())] : []),
        button("Light or dark", () => app.toggleTheme()))),
    h("div", { className: "body" },
      h("div", { className: "left" },
        h("div", { className: "bar" }, app.search, app.counted, app.colour,
          ...(header.maps.length > 1 ? [app.mapChoice] : []),
          h("span", { className: "tools", role: "group", "aria-label": "what the pointer does" }, ...Object.values(app.tools))),
        app.mapRoot, app.legend),
      h("aside", { className: "right" }, app.status, app.stage.element,
        h("div", { role: "tablist", className: "tabs", "aria-label": "tools" }, ...Object.values(app.tabs)), app.panel, keysHelp(), ...credit(header.decoder?.runtime))));
  app.search.value = app.state.search;
  app.map = new CodeMap(app.mapRoot, subject, {
    pick: (row) => app.pick(row),
    place: (x, y) => app.begin({ kind: "place", map: app.state.map, x, y }),
    lasso: (rows) => app.caught(rows),
    hover: (row, x, y) => app.hover(row, x, y),
    moved: () => app.keepView(),
  });
  app.root.addEventListener("keydown", (event) => onKey(app, event));
  showLegend(app);
}

// Whose code decodes in the page besides our own, and on what terms.
function credit(runtime) {
  return runtime ? [h("details", { className: "keys" },
    h("summary", { textContent: `Decoded by ${runtime.name}, ©\u00a0Microsoft, MIT licence` }),
    h("p", { className: "quiet licence", textContent: runtime.licence }))] : [];
}

function showLegend(app) {
  const { header, labels } = app.subject;
  const { classes, absent_classes: absent } = header;
  const counts = new Array(classes.length).fill(0);
  for (const label of labels) counts[label]++;
  app.legend.hidden = classes.length === 0;
  app.legend.replaceChildren(...classColours(header).map((colour, i) => {
    const name = classes[i];
    const dot = h("span", { className: "dot" });
    dot.style.background = `rgb(${colour.join(" ")})`;
    const chip = button("", () => app.update({ only: app.state.only === i ? null : i }), { className: "chip", "aria-pressed": "false" });
    chip.dataset.name = name;
    chip.dataset.label = i;
    chip.append(dot, h("span", {}, ...breakable(name)), h("span", { className: "quiet", textContent: counts[i].toLocaleString("en"), title: "images here" }));
    return chip;
  }));
  if (absent.length) app.legend.append(h("p", { className: "quiet", textContent: `No image here of: ${absent.join(", ")}` }));
}
