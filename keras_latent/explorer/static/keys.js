// What keys do.

import { h } from "./elements.js";

const KEYS = [
  ["arrows", "move the map"], ["+ −", "zoom"], ["0", "show all"],
  ["Enter", "choose what is in the middle"], ["n, p", "next and previous image of those found"],
  ["/", "search"], ["a, b", "lasso A, lasso B"], ["Escape", "back to moving the map"],
];

/** The keys and what they do, for who looks for them. */
export function keysHelp() {
  return h("details", { className: "keys" }, h("summary", { textContent: "Keys on the map" }),
    h("dl", {}, ...KEYS.flatMap(([key, does]) => [h("dt", { textContent: key }), h("dd", { textContent: does })])));
}

/** Do what a key that was pressed in an explorer does. */
export function onKey(app, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    app.useTool("pan");
    app.tell("");
    if (isTyping) app.mapRoot.focus();
    return;
  }
  const actions = { "/": () => app.search.focus(), n: () => app.step(1), p: () => app.step(-1), a: () => app.useTool("a"), b: () => app.useTool("b") };
  if (event.target === app.mapRoot) {
    const { clientWidth, clientHeight } = app.mapRoot;
    Object.assign(actions, {
      ArrowLeft: () => app.map.pan(60, 0), ArrowRight: () => app.map.pan(-60, 0),
      ArrowUp: () => app.map.pan(0, 60), ArrowDown: () => app.map.pan(0, -60),
      "+": () => app.map.zoom(1.3), "=": () => app.map.zoom(1.3), "-": () => app.map.zoom(1 / 1.3), 0: () => app.map.fit(),
      Enter: () => app.map.choose(clientWidth / 2, clientHeight / 2), " ": () => app.map.choose(clientWidth / 2, clientHeight / 2),
    });
  }
  if (isTyping || !(event.key in actions)) return;
  event.preventDefault();
  actions[event.key]();
}
