// What is explored, as the shells hand it over: codes, labels, thumbnails.

import { Plane, Scattered, usage } from "./codes.js";

/** The header and the arrays of explorer/exploration.py, with names for what they hold. */
export class Subject {
  constructor({ header, arrays }, sprites) {
    this.header = header;
    this.count = header.count;
    this.codes = arrays.codes.data;
    this.size = arrays.codes.shape[1];
    this.labels = arrays.labels.data;
    this.errors = arrays.errors.data;
    this.conditions = arrays.conditions?.data ?? null;
    this.sprites = sprites;
    this.usage = usage(this.codes, this.size);
    this.maps = Object.fromEntries(header.maps.map((name) => {
      const points = arrays[`points_${name}`].data;
      return [name, name === "pca"
        ? new Plane(arrays.plane_mean.data, arrays.plane_axes.data, points)
        : new Scattered(this.codes, this.size, points)];
    }));
    this.byError = Array.from({ length: this.count }, (_, row) => row)
      .sort((a, b) => this.errors[b] - this.errors[a]);
  }

  code(row) {
    return this.codes.subarray(row * this.size, (row + 1) * this.size);
  }

  /** The name of an image's class; empty if it has none. */
  label(row) {
    return this.header.classes[this.labels[row]] ?? "";
  }

  /** The file of an image; empty if it is none. */
  name(row) {
    return this.header.names?.[row] ?? "";
  }

  /** What is told about an image in a line. */
  described(row) {
    return [this.label(row), this.name(row) || `image ${row}`].filter(Boolean).join(" · ");
  }

  /** How many images of which data there are, and how long their codes. */
  get summary() {
    const { total, data, code_shape: shape } = this.header;
    const number = (value) => value.toLocaleString("en");
    const some = this.count < total ? `${number(this.count)} of ${number(total)} images` : `${number(this.count)} images`;
    return `${some}${data ? ` of ${data}` : ""}, codes of ${shape.join(" × ")}`;
  }

  /** Whether a search finds an image, by its class, its file or its number, in a class. */
  isFound(row, search, only) {
    if (only !== null && this.labels[row] !== only) return false;
    const wanted = search.trim().toLowerCase();
    return !wanted || String(row) === wanted || this.label(row).toLowerCase() === wanted
      || (wanted.length > 1 && this.label(row).toLowerCase().includes(wanted))
      || this.name(row).toLowerCase().includes(wanted);
  }

  /** Where the thumbnail of an image is in the atlas: [left, top, width, height]. */
  cell(row) {
    const { columns, cell: [height, width] } = this.header.atlas;
    return [(row % columns) * width, Math.floor(row / columns) * height, width, height];
  }
}
