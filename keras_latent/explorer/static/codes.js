// What is computed of codes in the page: the same as keras_latent.latent_space does.

/** The mean of codes `of` minus the mean of codes `against`, summed in double precision. */
export function attributeVector(codes, size, of, against) {
  const mean = (rows) => {
    const sum = new Float64Array(size);
    for (const row of rows) for (let i = 0; i < size; i++) sum[i] += codes[row * size + i];
    return sum.map((total) => total / rows.length);
  };
  const first = mean(of), second = mean(against);
  return Float32Array.from(first, (value, i) => value - second[i]);
}

/** `code + strength · vector`. */
export function applied(code, vector, strength) {
  return Float32Array.from(code, (value, i) => value + strength * vector[i]);
}

/** The `count` rows whose codes are nearest, with their distances, the nearest first. */
export function nearest(codes, size, code, count, except = -1) {
  const found = [];
  const rows = codes.length / size;
  for (let row = 0; row < rows; row++) {
    if (row === except) continue;
    const limit = found.length < count ? Infinity : found[found.length - 1].square;
    let square = 0;
    for (let i = 0; i < size && square < limit; i++) square += (codes[row * size + i] - code[i]) ** 2;
    if (square >= limit) continue;
    let place = found.length;
    while (place > 0 && found[place - 1].square > square) place--;
    found.splice(place, 0, { row, square });
    if (found.length > count) found.pop();
  }
  return found.map(({ row, square }) => ({ row, distance: Math.sqrt(square) }));
}

const length = (vector) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));

/** A code on the way between two, at `t` in [0, 1], as `latent_space.interpolate`. */
export function between(start, end, t, method) {
  if (t <= 0) return Float32Array.from(start);
  if (t >= 1) return Float32Array.from(end);
  const linear = () => Float32Array.from(start, (value, i) => (1 - t) * value + t * end[i]);
  const [from, to] = [length(start), length(end)];
  if (method === "linear" || from === 0 || to === 0) return linear();
  const difference = [], sum = [];
  for (let i = 0; i < start.length; i++) {
    difference.push(end[i] / to - start[i] / from);
    sum.push(end[i] / to + start[i] / from);
  }
  const omega = 2 * Math.atan2(length(difference), length(sum));
  if (Math.sin(omega) < 1e-6) return linear();
  const [a, b] = [Math.sin((1 - t) * omega) / Math.sin(omega), Math.sin(t * omega) / Math.sin(omega)];
  const reach = (1 - t) * from + t * to;
  return Float32Array.from(start, (value, i) => reach * ((a * value) / from + (b * end[i]) / to));
}

/** A code brought to where the decoder takes codes: onto the sphere, or into the ball. */
export function settled(code, { space, radius, code_shape: shape }) {
  if (space === "sphere") {
    const channels = shape[shape.length - 1];
    const result = Float32Array.from(code);
    for (let at = 0; at < result.length; at += channels) {
      const vector = result.subarray(at, at + channels), reach = length(vector);
      if (reach === 0) vector[0] = 1;
      else vector.forEach((value, i) => { vector[i] = value / reach; });
    }
    return result;
  }
  const most = radius === null ? Infinity : 0.996 * radius, reach = length(code);
  return Float32Array.from(code, (value) => (reach > most ? (value * most) / reach : value));
}

/** Mean, deviation, lowest and highest value of each dimension, and their order by use. */
export function usage(codes, size) {
  const rows = codes.length / size;
  const means = new Float64Array(size), variances = new Float64Array(size);
  const lowest = new Float64Array(size).fill(Infinity), highest = new Float64Array(size).fill(-Infinity);
  for (let at = 0; at < codes.length; at++) {
    const i = at % size;
    means[i] += codes[at] / rows;
    lowest[i] = Math.min(lowest[i], codes[at]);
    highest[i] = Math.max(highest[i], codes[at]);
  }
  for (let at = 0; at < codes.length; at++) variances[at % size] += (codes[at] - means[at % size]) ** 2 / rows;
  const order = Array.from({ length: size }, (_, i) => i).sort((a, b) => variances[b] - variances[a] || a - b);
  return { means, variances, lowest, highest, order };
}

/** The principal plane: a place stands for the code that lies there. */
export class Plane {
  constructor(mean, axes, points) {
    Object.assign(this, { mean, axes, points, size: mean.length });
  }

  codeAt(x, y) {
    const { mean, axes, size } = this;
    return Float32Array.from(mean, (value, i) => value + x * axes[i] + y * axes[size + i]);
  }

  placeOf(code) {
    const { mean, axes, size } = this;
    let x = 0, y = 0;
    for (let i = 0; i < size; i++) {
      x += (code[i] - mean[i]) * axes[i];
      y += (code[i] - mean[i]) * axes[size + i];
    }
    return [x, y];
  }
}

const MIXED = 8;

/** A map without a formula: a place stands for the mean of the images that are nearest. */
export class Scattered {
  constructor(codes, size, points) {
    Object.assign(this, { codes, size, points });
  }

  codeAt(x, y) {
    return this.mixed(nearest(this.points, 2, [x, y], MIXED), this.codes, this.size);
  }

  placeOf(code) {
    return [...this.mixed(nearest(this.codes, this.size, code, MIXED), this.points, 2)];
  }

  mixed(found, values, size) {
    const sum = new Float64Array(size);
    const weights = found.map(({ distance }) => 1 / Math.max(distance, 1e-9) ** 2);
    const whole = weights.reduce((a, b) => a + b);
    found.forEach(({ row }, n) => {
      for (let i = 0; i < size; i++) sum[i] += (weights[n] / whole) * values[row * size + i];
    });
    return Float32Array.from(sum);
  }
}

/** Whether a point lies within a polygon of points. */
export function isInside(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i], [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
