// The map of the codes: what is drawn where, and what the pointer does on it.

import { GlCanvas } from "./canvas_gl.js";
import { PlainCanvas } from "./canvas_plain.js";
import { isInside } from "./codes.js";
import { Levels, apart, levelFor } from "./levels.js";

const THUMBNAIL = 30;
const LARGEST_THUMBNAIL = 72;
const ROOM = 1.12;
const ACROSS = 3;
const CLICK = 5;

/**
 * The map. `on` is told {pick(row), place(x, y), lasso(rows), hover(row or -1, x, y), moved()}.
 */
export class CodeMap {
  constructor(root, subject, on) {
    Object.assign(this, { root, subject, on, view: { x: 0, y: 0, scale: 1 }, tool: "pan", lasso: null });
    this.canvas = root.querySelector("canvas.map");
    this.overlay = root.querySelector("canvas.overlay");
    this.marks = { path: null, place: null, row: -1 };
    this.connect();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
    this.listen();
  }

  connect() {
    const { sprites, header } = this.subject;
    try {
      this.drawing = new GlCanvas(this.canvas, sprites, header);
    } catch (error) {
      this.isPlain = true;
      this.reason = error.message;
      // A canvas that WebGL was asked for gives nothing else.
      const fresh = this.canvas.cloneNode();
      this.canvas.replaceWith(fresh);
      this.canvas = fresh;
      this.drawing = new PlainCanvas(this.canvas, sprites, header);
    }
  }

  /** Show other points, or others of them: colours are RGBA bytes, found says which count. */
  show(points, colours, found) {
    const isOther = points !== this.points;
    Object.assign(this, { points, colours, found });
    if (isOther) this.measure();
    const rows = [];
    const faint = [];
    for (let row = 0; row < this.subject.count; row++) (found[row] ? rows : faint).push(row);
    this.levels = new Levels(points, rows, this.cell);
    this.rows = rows;
    const order = [...faint, ...rows];
    const places = new Float32Array(2 * order.length), shades = new Uint8Array(4 * order.length);
    order.forEach((row, i) => {
      places.set(points.subarray(2 * row, 2 * row + 2), 2 * i);
      shades.set(colours.subarray(4 * row, 4 * row + 4), 4 * i);
      shades[4 * i + 3] = found[row] ? 255 : 40;
    });
    this.drawing.setDots(places, shades);
    this.redraw();
  }

  measure() {
    const { points } = this;
    const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
    for (let i = 0; i < points.length; i++) {
      low[i % 2] = Math.min(low[i % 2], points[i]);
      high[i % 2] = Math.max(high[i % 2], points[i]);
    }
    this.box = { low, high };
    this.cell = (Math.max(high[0] - low[0], high[1] - low[1]) || 1) / ACROSS;
  }

  /** Show all points. */
  fit() {
    const { low, high } = this.box;
    const [width, height] = [this.root.clientWidth || 1, this.root.clientHeight || 1];
    const scale = Math.min((width - 50) / (high[0] - low[0] || 1), (height - 50) / (high[1] - low[1] || 1));
    this.look({ x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, scale: Math.max(scale, 1e-6) });
  }

  look(view) {
    this.view = view;
    this.redraw();
    this.on.moved();
  }

  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.width = Math.max(1, Math.round(this.root.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(this.root.clientHeight * ratio));
    }
    this.ratio = ratio;
    if (this.points) this.draw();
  }

  redraw() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      if (this.points && this.ratio) this.draw();
    });
  }

  /** The zoom's level, and how large thumbnails are on it. */
  thumbnailSize() {
    const whole = this.cell * this.view.scale;
    const level = levelFor((THUMBNAIL * ROOM) / whole);
    const size = Math.min(LARGEST_THUMBNAIL, Math.max(THUMBNAIL, (whole * apart(level)) / ROOM));
    return { level, size: level < 0 ? THUMBNAIL : size };
  }

  draw() {
    const { points, colours, subject, view } = this;
    const { level, size } = this.thumbnailSize();
    const [width, height] = [this.root.clientWidth, this.root.clientHeight];
    const reachX = width / 2 / view.scale + size / view.scale, reachY = height / 2 / view.scale + size / view.scale;
    const shown = [], first = this.levels.upTo(level);
    for (const row of this.rows) {
      if (first[row] > level) continue;
      if (Math.abs(points[2 * row] - view.x) > reachX || Math.abs(points[2 * row + 1] - view.y) > reachY) continue;
      shown.push(row);
    }
    if (this.marks.row >= 0 && !shown.includes(this.marks.row)) shown.push(this.marks.row);
    const values = new Float32Array(5 * shown.length), bytes = new Uint8Array(values.buffer);
    shown.forEach((row, i) => {
      const [left, top] = subject.cell(row);
      values.set([points[2 * row], points[2 * row + 1], left, top], 5 * i);
      bytes.set([...colours.subarray(4 * row, 4 * row + 3), 255], 20 * i + 16);
    });
    this.shown = shown;
    this.size = size;
    const dot = Math.min(8, Math.max(3, Math.sqrt(12000 / subject.count) * 2));
    this.drawing.draw(view, this.ratio, dot, { values, count: shown.length }, size);
    this.drawMarks();
    this.frames = (this.frames ?? 0) + 1;
  }

  drawMarks() {
    const { overlay, ratio, marks, size } = this;
    const context = overlay.getContext("2d");
    const style = getComputedStyle(overlay);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, overlay.width, overlay.height);
    context.lineWidth = 2.5;
    context.strokeStyle = style.color;
    const line = (places, isClosed) => {
      context.beginPath();
      places.forEach(([x, y]) => context.lineTo(x, y));
      if (isClosed) context.closePath();
      context.stroke();
    };
    if (marks.path) {
      context.setLineDash([6, 4]);
      line(marks.path.map(([x, y]) => this.onScreen(x, y)));
      context.setLineDash([]);
    }
    if (marks.row >= 0) {
      const [x, y] = this.onScreen(this.points[2 * marks.row], this.points[2 * marks.row + 1]);
      context.strokeRect(x - size / 2 - 3, y - size / 2 - 3, size + 6, size + 6);
    }
    if (marks.place) {
      const [x, y] = this.onScreen(...marks.place);
      context.beginPath();
      context.arc(x, y, 8, 0, 2 * Math.PI);
      context.stroke();
      line([[x - 13, y], [x - 4, y]]);
      line([[x + 4, y], [x + 13, y]]);
      line([[x, y - 13], [x, y - 4]]);
      line([[x, y + 4], [x, y + 13]]);
    }
    if (this.lasso) line(this.lasso, true);
  }

  mark(marks) {
    this.marks = marks;
    this.redraw();
  }

  onScreen(x, y) {
    const { view, root } = this;
    return [root.clientWidth / 2 + (x - view.x) * view.scale, root.clientHeight / 2 - (y - view.y) * view.scale];
  }

  onMap(left, top) {
    const { view, root } = this;
    return [view.x + (left - root.clientWidth / 2) / view.scale, view.y - (top - root.clientHeight / 2) / view.scale];
  }

  /** The image at a place of the screen, a thumbnail before a dot; -1 if there is none. */
  rowAt(left, top) {
    const { points, shown = [], size } = this;
    for (let i = shown.length - 1; i >= 0; i--) {
      const [x, y] = this.onScreen(points[2 * shown[i]], points[2 * shown[i] + 1]);
      if (Math.abs(x - left) <= size / 2 && Math.abs(y - top) <= size / 2) return shown[i];
    }
    let best = -1, least = CLICK ** 2;
    const [mapX, mapY] = this.onMap(left, top), { scale } = this.view;
    for (const row of this.rows ?? []) {
      const square = ((points[2 * row] - mapX) * scale) ** 2 + ((points[2 * row + 1] - mapY) * scale) ** 2;
      if (square < least) [best, least] = [row, square];
    }
    return best;
  }

  zoom(factor, left = this.root.clientWidth / 2, top = this.root.clientHeight / 2) {
    const [x, y] = this.onMap(left, top);
    const scale = this.view.scale * factor;
    this.look({
      x: x - (left - this.root.clientWidth / 2) / scale,
      y: y + (top - this.root.clientHeight / 2) / scale,
      scale,
    });
  }

  /** Move by so many pixels of the screen. */
  pan(across, down) {
    const { x, y, scale } = this.view;
    this.look({ x: x - across / scale, y: y + down / scale, scale });
  }

  listen() {
    const { overlay } = this;
    const fingers = new Map();
    let start = null, distance = 0;
    const at = (event) => {
      const { left, top } = overlay.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    overlay.addEventListener("pointerdown", (event) => {
      overlay.setPointerCapture?.(event.pointerId);
      fingers.set(event.pointerId, at(event));
      start = fingers.size === 1 ? at(event) : null;
      if (fingers.size === 2) distance = Math.hypot(...[0, 1].map((i) => [...fingers.values()].map((f) => f[i]).reduce((a, b) => a - b)));
      if (this.tool !== "pan" && start) this.lasso = [start];
      this.hasMoved = false;
    });
    overlay.addEventListener("pointermove", (event) => {
      const place = at(event), before = fingers.get(event.pointerId);
      if (!before) {
        this.on.hover(this.rowAt(...place), ...place);
        return;
      }
      fingers.set(event.pointerId, place);
      if (fingers.size === 2) {
        this.lasso = null;
        const [a, b] = [...fingers.values()];
        const now = Math.hypot(a[0] - b[0], a[1] - b[1]);
        if (distance) this.zoom(now / distance, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
        distance = now;
        return;
      }
      if (start && Math.hypot(place[0] - start[0], place[1] - start[1]) > CLICK) this.hasMoved = true;
      if (this.lasso) {
        this.lasso.push(place);
        this.redraw();
      } else if (this.hasMoved) this.pan(place[0] - before[0], place[1] - before[1]);
    });
    const end = (event) => {
      if (!fingers.delete(event.pointerId)) return;
      const place = at(event), { lasso } = this;
      this.lasso = null;
      if (lasso && this.hasMoved) this.catchRows(lasso);
      else if (start && !this.hasMoved && event.type === "pointerup") this.choose(...place);
      start = null;
      this.redraw();
    };
    overlay.addEventListener("pointerup", end);
    overlay.addEventListener("pointercancel", end);
    overlay.addEventListener("pointerleave", () => this.on.hover(-1, 0, 0));
    overlay.addEventListener("wheel", (event) => {
      event.preventDefault();
      const step = event.deltaMode === 1 ? 30 * event.deltaY : event.deltaY;
      this.zoom(Math.exp(-0.0015 * Math.max(-400, Math.min(400, step))), ...at(event));
    }, { passive: false });
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.connect();
      this.show(this.points, this.colours, this.found);
    });
  }

  /** As if a place of the screen were clicked. */
  choose(left, top) {
    const row = this.rowAt(left, top);
    if (row >= 0) this.on.pick(row);
    else this.on.place(...this.onMap(left, top));
  }

  catchRows(lasso) {
    const polygon = lasso.map(([left, top]) => this.onMap(left, top));
    this.on.lasso(this.rows.filter((row) => isInside(polygon, this.points[2 * row], this.points[2 * row + 1])));
  }

  /** The map as it is seen, on one canvas. */
  picture() {
    this.draw();
    const whole = document.createElement("canvas");
    whole.width = this.canvas.width;
    whole.height = this.canvas.height;
    const context = whole.getContext("2d");
    context.fillStyle = getComputedStyle(this.root).backgroundColor;
    context.fillRect(0, 0, whole.width, whole.height);
    context.drawImage(this.canvas, 0, 0);
    context.drawImage(this.overlay, 0, 0);
    return whole;
  }

  close() {
    this.observer.disconnect();
  }
}
