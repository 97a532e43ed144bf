// What layers do with tensors: {shape, data}, one example, its channels last.

export const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

export function dense({ shape, data }, { kernel, bias }) {
  const [taken, made] = kernel.shape;
  const rows = data.length / taken;
  const result = new Float32Array(rows * made);
  for (let row = 0; row < rows; row++) {
    const out = result.subarray(row * made, (row + 1) * made);
    if (bias) out.set(bias.data);
    for (let i = 0; i < taken; i++) {
      const value = data[row * taken + i];
      if (value === 0) continue;
      const weights = kernel.data.subarray(i * made, (i + 1) * made);
      for (let j = 0; j < made; j++) out[j] += value * weights[j];
    }
  }
  return { shape: [...shape.slice(0, -1), made], data: result };
}

// Pixels before the first one, and the size of the result, along one side.
function placed(side, kernel, stride, dilation, padding) {
  const reach = (kernel - 1) * dilation + 1;
  if (padding === "valid") return [0, Math.floor((side - reach) / stride) + 1];
  const size = Math.ceil(side / stride);
  return [Math.floor(Math.max((size - 1) * stride + reach - side, 0) / 2), size];
}

export function convolution({ shape: [height, width, channels], data }, { kernel, bias }, step) {
  const [kernelHeight, kernelWidth, taken, filters] = kernel.shape;
  const [down, across] = step.strides, [dilatedDown, dilatedAcross] = step.dilation;
  const [top, outHeight] = placed(height, kernelHeight, down, dilatedDown, step.padding);
  const [left, outWidth] = placed(width, kernelWidth, across, dilatedAcross, step.padding);
  const filtersOfGroup = filters / step.groups;
  const result = new Float32Array(outHeight * outWidth * filters);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const at = (y * outWidth + x) * filters;
      if (bias) result.set(bias.data, at);
      for (let ky = 0; ky < kernelHeight; ky++) {
        const row = y * down + ky * dilatedDown - top;
        if (row < 0 || row >= height) continue;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const column = x * across + kx * dilatedAcross - left;
          if (column < 0 || column >= width) continue;
          const from = (row * width + column) * channels;
          for (let group = 0; group < step.groups; group++) {
            const first = group * filtersOfGroup;
            for (let c = 0; c < taken; c++) {
              const value = data[from + group * taken + c];
              if (value === 0) continue;
              const weights = ((ky * kernelWidth + kx) * taken + c) * filters + first;
              for (let f = 0; f < filtersOfGroup; f++) result[at + first + f] += value * kernel.data[weights + f];
            }
          }
        }
      }
    }
  }
  return { shape: [outHeight, outWidth, filters], data: result };
}

// The kernel is (height, width, filters, channels), as Keras keeps it.
export function transposedConvolution({ shape: [height, width, channels], data }, { kernel, bias }, step) {
  const [kernelHeight, kernelWidth, filters] = kernel.shape;
  const [down, across] = step.strides;
  const same = step.padding === "same";
  const outHeight = same ? height * down : height * down + Math.max(kernelHeight - down, 0);
  const outWidth = same ? width * across : width * across + Math.max(kernelWidth - across, 0);
  const top = same ? Math.floor(Math.max(kernelHeight - down, 0) / 2) : 0;
  const left = same ? Math.floor(Math.max(kernelWidth - across, 0) / 2) : 0;
  const result = new Float32Array(outHeight * outWidth * filters);
  if (bias) for (let at = 0; at < result.length; at += filters) result.set(bias.data, at);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      for (let ky = 0; ky < kernelHeight; ky++) {
        const row = y * down + ky - top;
        if (row < 0 || row >= outHeight) continue;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const column = x * across + kx - left;
          if (column < 0 || column >= outWidth) continue;
          const at = (row * outWidth + column) * filters;
          for (let f = 0; f < filters; f++) {
            const weights = ((ky * kernelWidth + kx) * filters + f) * channels;
            let sum = 0;
            for (let c = 0; c < channels; c++) sum += data[from + c] * kernel.data[weights + c];
            result[at + f] += sum;
          }
        }
      }
    }
  }
  return { shape: [outHeight, outWidth, filters], data: result };
}

export function upsampling({ shape: [height, width, channels], data }, step) {
  const [down, across] = step.size;
  const outHeight = height * down, outWidth = width * across;
  const result = new Float32Array(outHeight * outWidth * channels);
  // Where a pixel's middle falls among those of the smaller picture.
  const between = (place, by, side) => {
    const at = Math.max((place + 0.5) / by - 0.5, 0);
    const first = Math.min(Math.floor(at), side - 1);
    return [first, Math.min(first + 1, side - 1), at - first];
  };
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const at = (y * outWidth + x) * channels;
      if (step.interpolation === "nearest") {
        const from = (Math.floor(y / down) * width + Math.floor(x / across)) * channels;
        for (let c = 0; c < channels; c++) result[at + c] = data[from + c];
        continue;
      }
      const [y0, y1, v] = between(y, down, height), [x0, x1, u] = between(x, across, width);
      for (let c = 0; c < channels; c++) {
        const value = (row, column) => data[(row * width + column) * channels + c];
        result[at + c] = (1 - v) * ((1 - u) * value(y0, x0) + u * value(y0, x1))
          + v * ((1 - u) * value(y1, x0) + u * value(y1, x1));
      }
    }
  }
  return { shape: [outHeight, outWidth, channels], data: result };
}

// A window of a picture, which may reach beyond it: 0 there.
function windowOf({ shape: [height, width, channels], data }, top, left, outHeight, outWidth) {
  const result = new Float32Array(outHeight * outWidth * channels);
  for (let y = Math.max(0, -top); y < Math.min(outHeight, height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(outWidth, width - left); x++) {
      const from = ((y + top) * width + x + left) * channels;
      result.set(data.subarray(from, from + channels), (y * outWidth + x) * channels);
    }
  }
  return { shape: [outHeight, outWidth, channels], data: result };
}

export function cropped(x, step) {
  const [height, width] = x.shape;
  const outHeight = step.height ?? height - (step.top ?? 0) - (step.bottom ?? 0);
  const outWidth = step.width ?? width - (step.left ?? 0) - (step.right ?? 0);
  const top = step.top ?? height - outHeight - (step.bottom ?? 0);
  const left = step.left ?? width - outWidth - (step.right ?? 0);
  return windowOf(x, top, left, outHeight, outWidth);
}

export function padded(x, step) {
  const [height, width] = x.shape;
  return windowOf(x, -step.top, -step.left, height + step.top + step.bottom, width + step.left + step.right);
}

export function affine({ shape, data }, { scale, shift }) {
  const length = shift ? shift.data.length : scale.data.length;
  const result = data.map((x, i) => x * (scale ? scale.data[i % length] : 1) + (shift ? shift.data[i % length] : 0));
  return { shape, data: result };
}

// `part` says of each element in which set it is: each set gets mean 0 and variance 1.
function standardised({ shape, data }, sets, part, epsilon) {
  const sums = new Float64Array(sets), squares = new Float64Array(sets);
  const count = data.length / sets;
  for (let i = 0; i < data.length; i++) sums[part(i)] += data[i];
  for (let i = 0; i < data.length; i++) squares[part(i)] += (data[i] - sums[part(i)] / count) ** 2;
  const result = data.map((x, i) => (x - sums[part(i)] / count) / Math.sqrt(squares[part(i)] / count + epsilon));
  return { shape, data: result };
}

export function groupNormalization(x, weights, step) {
  const channels = x.shape[x.shape.length - 1], inGroup = channels / step.groups;
  const part = (i) => Math.floor((i % channels) / inGroup);
  return affine(standardised(x, step.groups, part, step.epsilon), weights);
}

export function layerNormalization(x, weights, step) {
  const channels = x.shape[x.shape.length - 1];
  const part = (i) => Math.floor(i / channels);
  return affine(standardised(x, x.data.length / channels, part, step.epsilon), weights);
}

export function softmax({ shape, data }) {
  const channels = shape[shape.length - 1];
  const result = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += channels) {
    const row = data.subarray(at, at + channels);
    const highest = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((total, x) => total + Math.exp(x - highest), 0);
    for (let c = 0; c < channels; c++) result[at + c] = Math.exp(row[c] - highest) / sum;
  }
  return { shape, data: result };
}

export function attention(query, value, weights) {
  const projected = (x, name) => {
    const { shape, data } = weights[`${name}_kernel`];
    const bias = weights[`${name}_bias`];
    return dense(x, { kernel: { shape: [shape[0], shape[1] * shape[2]], data }, bias });
  };
  const [, heads, size] = weights.query_kernel.shape;
  const [, , valueSize] = weights.value_kernel.shape;
  const q = projected(query, "query"), k = projected(value, "key"), v = projected(value, "value");
  const queries = query.shape[0], keys = value.shape[0];
  const attended = new Float32Array(queries * heads * valueSize);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < queries; i++) {
      const scores = new Float32Array(keys);
      for (let j = 0; j < keys; j++) {
        let sum = 0;
        for (let c = 0; c < size; c++) sum += q.data[(i * heads + head) * size + c] * k.data[(j * heads + head) * size + c];
        scores[j] = sum / Math.sqrt(size);
      }
      const shares = softmax({ shape: [keys], data: scores }).data;
      for (let j = 0; j < keys; j++) {
        for (let c = 0; c < valueSize; c++) {
          attended[(i * heads + head) * valueSize + c] += shares[j] * v.data[(j * heads + head) * valueSize + c];
        }
      }
    }
  }
  const { shape, data } = weights.output_kernel;
  return dense({ shape: [queries, heads * valueSize], data: attended },
    { kernel: { shape: [shape[0] * shape[1], shape[2]], data }, bias: weights.output_bias });
}

// A dense layer whose kernel is multiplied by what a small network makes of `told`.
export function hyperDense(x, told, weights) {
  let hidden = told;
  const part = (name) => ({ kernel: weights[`${name}_kernel`], bias: weights[`${name}_bias`] });
  for (let i = 0; `hidden_${i}_kernel` in weights; i++) {
    const made = dense(hidden, part(`hidden_${i}`));
    hidden = { shape: made.shape, data: made.data.map((value) => Math.max(value, 0)) };
  }
  // What is made of the hidden layer, in one row.
  const controlled = (name) => {
    const { kernel, bias } = part(name);
    const size = sizeOf(kernel.shape.slice(1));
    return dense(hidden, { kernel: { shape: [kernel.shape[0], size], data: kernel.data }, bias }).data;
  };
  const { kernel, bias } = weights;
  const [taken, made] = kernel.shape;
  const result = new Float32Array(made);
  if (bias) result.set(bias.data);
  if (weights.full_kernel) {
    const control = controlled("full");
    for (let i = 0; i < taken; i++) {
      for (let j = 0; j < made; j++) result[j] += x.data[i] * kernel.data[i * made + j] * control[i * made + j];
    }
    return { shape: [made], data: result };
  }
  const u = controlled("input"), v = controlled("output");
  for (let k = 0; k < u.length / taken; k++) {
    const scaled = x.data.map((value, i) => value * u[k * taken + i]);
    const { data } = dense({ shape: [taken], data: scaled }, { kernel });
    for (let j = 0; j < made; j++) result[j] += data[j] * v[k * made + j];
  }
  return { shape: [made], data: result };
}

// A part of the last axis.
export function partOf({ shape, data }, { start, end }) {
  const whole = shape[shape.length - 1], size = end - start;
  const result = new Float32Array((data.length / whole) * size);
  for (let row = 0; row < data.length / whole; row++) {
    result.set(data.subarray(row * whole + start, row * whole + end), row * size);
  }
  return { shape: [...shape.slice(0, -1), size], data: result };
}

export function reshaped({ shape, data }, step) {
  const known = sizeOf(step.shape.filter((side) => side >= 0));
  return { shape: step.shape.map((side) => (side < 0 ? sizeOf(shape) / known : side)), data };
}

export function concatenated(parts, step) {
  const rank = parts[0].shape.length;
  // The axis counts the batch, which isn't here.
  const axis = step.axis < 0 ? rank + step.axis : step.axis - 1;
  const inner = parts.map(({ shape }) => sizeOf(shape.slice(axis)));
  const outer = sizeOf(parts[0].shape.slice(0, axis));
  const whole = inner.reduce((a, b) => a + b);
  const data = new Float32Array(outer * whole);
  let from = 0;
  parts.forEach((part, n) => {
    for (let row = 0; row < outer; row++) {
      data.set(part.data.subarray(row * inner[n], (row + 1) * inner[n]), row * whole + from);
    }
    from += inner[n];
  });
  const shape = [...parts[0].shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  return { shape, data };
}
