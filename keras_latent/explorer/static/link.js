// The state of the page as text behind the # of its address, and back.

const packedRows = (rows) => {
  const sorted = [...rows].sort((a, b) => a - b);
  return sorted.map((row, i) => (row - (i ? sorted[i - 1] : 0)).toString(36)).join(".");
};

const unpackedRows = (text, count) => {
  let row = 0;
  const rows = text.split(".").map((step) => (row += parseInt(step, 36)));
  return rows.every((each) => each >= 0 && each < count) ? rows : [];
};

const shortened = (value) => Number(Math.fround(value).toPrecision(9));

/** What a link holds: all that differs from the state at the start. */
export function toLink(state) {
  const { base, view } = state;
  const held = new URLSearchParams();
  const set = (name, value, usual) => value !== usual && held.set(name, value);
  set("map", state.map, state.firstMap);
  if (view) held.set("view", [view.x, view.y, view.scale].map(shortened).join(","));
  set("colour", state.colour, "label");
  set("search", state.search, "");
  if (state.only !== null) held.set("only", state.only);
  set("tab", state.tab, "neighbours");
  if (base.kind === "row") held.set("image", base.row);
  if (base.kind === "place") {
    held.set("place", [base.x, base.y].map(shortened).join(","));
    set("placed", base.map, state.map);
  }
  if (base.kind === "sample") held.set("sample", [base.seed, base.index].join(","));
  if (base.kind === "path") held.set("along", shortened(base.t));
  const edits = Object.entries(state.edits).map(([i, value]) => `${i}:${shortened(value)}`);
  set("edits", edits.join(","), "");
  set("strength", state.strength, 0);
  if (state.condition !== null) held.set("condition", state.condition);
  if (base.kind !== "row") set("told", state.told, 0);
  set("a", packedRows(state.a), "");
  set("b", packedRows(state.b), "");
  if (state.start !== null) held.set("start", state.start);
  if (state.end !== null) held.set("end", state.end);
  set("way", state.way, "linear");
  set("seed", state.seed, 0);
  return held.toString();
}

/** What of a link is sound, as changes of the state. */
export function fromLink(text, subject) {
  const held = new URLSearchParams(text.replace(/^#/, ""));
  const changes = {};
  const numbers = (name, count) => {
    const values = (held.get(name) ?? "").split(",").filter(Boolean).map(Number);
    return values.length === count && values.every(Number.isFinite) ? values : null;
  };
  const row = (name) => {
    const [value] = numbers(name, 1) ?? [];
    return Number.isInteger(value) && value >= 0 && value < subject.count ? value : null;
  };
  const word = (name, choices) => choices.includes(held.get(name)) && (changes[name] = held.get(name));
  word("map", Object.keys(subject.maps));
  word("colour", ["label", "error", "none"]);
  word("way", ["linear", "spherical"]);
  if (held.get("tab")) changes.tab = held.get("tab");
  if (held.get("search")) changes.search = held.get("search");
  const [only] = numbers("only", 1) ?? [];
  if (subject.header.classes[only] !== undefined) changes.only = only;
  const view = numbers("view", 3);
  if (view && view[2] > 0) changes.view = { x: view[0], y: view[1], scale: view[2] };
  const [seed] = numbers("seed", 1) ?? [];
  if (Number.isInteger(seed) && seed >= 0) changes.seed = seed;
  for (const name of ["start", "end"]) if (row(name) !== null) changes[name] = row(name);
  const place = numbers("place", 2), sample = numbers("sample", 2), along = numbers("along", 1);
  if (row("image") !== null) changes.base = { kind: "row", row: row("image") };
  else if (place) {
    const [map] = [held.get("placed"), changes.map, subject.header.maps[0]].filter((name) => name in subject.maps);
    changes.base = { kind: "place", map, x: place[0], y: place[1] };
  }
  else if (sample && subject.header.sampled_from && sample.every((n) => Number.isInteger(n) && n >= 0)) {
    changes.base = { kind: "sample", seed: sample[0], index: sample[1] };
  } else if (along && row("start") !== null && row("end") !== null) changes.base = { kind: "path", t: along[0] };
  changes.edits = Object.fromEntries((held.get("edits") ?? "").split(",").map((edit) => edit.split(":").map(Number))
    .filter(([i, value]) => Number.isInteger(i) && i >= 0 && i < subject.size && Number.isFinite(value)));
  const [strength] = numbers("strength", 1) ?? [];
  if (strength !== undefined) changes.strength = strength;
  const [condition] = numbers("condition", 1) ?? [];
  if (subject.header.conditions?.[condition] !== undefined) changes.condition = condition;
  const [told] = numbers("told", 1) ?? [];
  if (subject.header.conditions?.[told] !== undefined) changes.told = told;
  for (const name of ["a", "b"]) if (held.get(name)) changes[name] = unpackedRows(held.get(name), subject.count);
  return changes;
}
