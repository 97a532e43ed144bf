// Elements of the page. Texts are texts: what a label holds is never taken for HTML.

/** An element: properties that begin with "on" are listeners, those with "-" attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for" || name === "list") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** A text, which may break after the strokes and slashes of a file's name. */
export const breakable = (text) => text.split(/(?<=[/\\_])(?=[^\s_])/).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));

export const button = (text, onclick, properties = {}) => h("button", { type: "button", textContent: text, onclick, ...properties });

/** A choice of [value, text] pairs. */
export function choice(label, options, value, onchange) {
  const select = h("select", { "aria-label": label, onchange: () => onchange(select.value) },
    ...options.map(([each, text]) => h("option", { value: each, textContent: text })));
  select.value = value;
  return select;
}

/** A slider with its number beside it; `set` moves both without a call. */
export function slider(label, { min, max, step, value, onchange }) {
  const range = h("input", { type: "range", min, max, step, "aria-label": label });
  const number = h("input", { type: "number", step, "aria-label": `${label}, as a number` });
  const set = (given) => {
    // A range that ended before its value would move it.
    range.min = Math.min(min, given);
    range.max = Math.max(max, given);
    range.value = given;
    if (document.activeElement !== number) number.value = Number(given.toFixed(3));
  };
  range.addEventListener("input", () => {
    number.value = Number(Number(range.value).toFixed(3));
    onchange(Number(range.value));
  });
  number.addEventListener("change", () => {
    if (Number.isFinite(number.valueAsNumber)) onchange(number.valueAsNumber);
  });
  set(value);
  return { range, number, set };
}

/** A thumbnail from the atlas on a canvas of its own. */
export function thumbnail(subject, row) {
  const [left, top, width, height] = subject.cell(row);
  const canvas = h("canvas", { width, height });
  canvas.getContext("2d").drawImage(subject.sprites, left, top, width, height, 0, 0, width, height);
  return canvas;
}

/** A thumbnail that one can press, with a line of text below. */
export function pressable(picture, text, title, onclick) {
  return h("button", { type: "button", className: "thumbnail", title, "aria-label": title, onclick },
    picture, h("span", {}, ...breakable(text)));
}

/** Put other elements into a list; what had the focus hands it to what takes its place. */
export function refill(list, children) {
  const at = Array.from(list.children).indexOf(list.getRootNode().activeElement);
  list.replaceChildren(...children);
  if (at >= 0) list.children[Math.min(at, children.length - 1)]?.focus({ preventScroll: true });
}

export const shortNumber = (value) => {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 100000) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
};
