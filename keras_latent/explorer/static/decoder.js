// Runs a decoder in the page: the steps that explorer/decoder_graph.py has written.
// A tensor is {shape, data}, one example without the batch, its channels last.

import {
  affine, attention, concatenated, convolution, cropped, dense, groupNormalization,
  hyperDense, layerNormalization, padded, partOf, reshaped, sizeOf, softmax,
  transposedConvolution, upsampling,
} from "./decoder_layers.js";

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function errorFunction(x) {
  // The series near 0, the continued fraction far from it: to 1e-12.
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a, sum = a;
    for (let n = 1; n < 60; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 40; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}

const selu = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

const ELEMENTWISE = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  sigmoid,
  tanh: Math.tanh,
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  exponential: Math.exp,
  elu: (x, step) => (x > 0 ? x : (step.alpha ?? 1) * Math.expm1(x)),
  selu: (x) => selu.scale * (x > 0 ? x : selu.alpha * Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  gelu: (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2)),
  leaky_relu: (x, step) => (x >= 0 ? x : (step.slope ?? 0.2) * x),
  mish: (x) => x * Math.tanh(softplus(x)),
  hard_sigmoid: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  clip: (x, step) => Math.min(Math.max(x, step.low ?? -Infinity), step.high ?? Infinity),
  logarithm: Math.log,
  logarithm_of_one_more: Math.log1p,
  absolute: Math.abs,
  square: (x) => x * x,
  square_root: Math.sqrt,
  negative: (x) => -x,
};

const PAIRWISE = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  less: (a, b) => (a < b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
};

// How an operand is read along the result, from the last axis on, as NumPy does.
function reader(operand, shape) {
  if (typeof operand === "number") return () => operand;
  const { data } = operand;
  if (data.length === sizeOf(shape)) return (i) => data[i];
  if (data.length === 1) return () => data[0];
  const last = operand.shape[operand.shape.length - 1];
  if (data.length === last && last === shape[shape.length - 1]) return (i) => data[i % last];
  const strides = [];
  let stride = 1, step = 1;
  for (let axis = 1; axis <= shape.length; axis++) {
    const side = operand.shape[operand.shape.length - axis] ?? 1;
    strides.push([step, shape[shape.length - axis], side === 1 ? 0 : stride]);
    stride *= side;
    step *= shape[shape.length - axis];
  }
  return (i) => data[strides.reduce((at, [every, side, by]) => at + (Math.floor(i / every) % side) * by, 0)];
}

function commonShape(operands) {
  const shapes = operands.filter((operand) => typeof operand !== "number").map(({ shape }) => shape);
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)));
}

function combined(operands, combine) {
  const shape = commonShape(operands);
  const data = new Float32Array(sizeOf(shape));
  const readers = operands.map((operand) => reader(operand, shape));
  for (let i = 0; i < data.length; i++) data[i] = combine(...readers.map((read) => read(i)));
  return { shape, data };
}

const OPERATIONS = {
  dense: ([x], weights) => dense(x, weights),
  convolution: ([x], weights, step) => convolution(x, weights, step),
  transposed_convolution: ([x], weights, step) => transposedConvolution(x, weights, step),
  upsampling: ([x], weights, step) => upsampling(x, step),
  crop: ([x], weights, step) => cropped(x, step),
  pad: ([x], weights, step) => padded(x, step),
  reshape: ([x], weights, step) => reshaped(x, step),
  affine: ([x], weights) => affine(x, weights),
  group_normalization: ([x], weights, step) => groupNormalization(x, weights, step),
  layer_normalization: ([x], weights, step) => layerNormalization(x, weights, step),
  softmax: ([x]) => softmax(x),
  attention: ([query, value], weights) => attention(query, value ?? query, weights),
  hyper_dense: ([x, told], weights) => hyperDense(x, told, weights),
  part: ([x], weights, step) => partOf(x, step),
  concatenate: (parts, weights, step) => concatenated(parts, step),
  average: (parts) => combined(parts, (...values) => values.reduce((a, b) => a + b) / values.length),
  where: (operands) => combined(operands, (condition, a, b) => (condition ? a : b)),
};

function run(step, inputs, weights) {
  if (step.op in OPERATIONS) return OPERATIONS[step.op](inputs, weights, step);
  if (step.op in PAIRWISE) return combined(inputs, (...values) => values.reduce(PAIRWISE[step.op]));
  if (step.op in ELEMENTWISE) {
    const [{ shape, data }] = inputs, one = ELEMENTWISE[step.op];
    return { shape, data: data.map((x) => one(x, step)) };
  }
  throw new Error(`The page doesn't know the step ${step.op}.`);
}

/** What decodes one code after the other: `decode(code, condition)` gives {shape, data}. */
export class Decoder {
  constructor({ steps, output }, values, codeShape) {
    this.output = output;
    this.codeShape = codeShape;
    this.steps = steps.map((step) => ({
      ...step,
      weights: Object.fromEntries(Object.entries(step.weights).map(([name, { offset, shape }]) =>
        [name, { shape, data: values.subarray(offset, offset + sizeOf(shape)) }])),
    }));
  }

  decode(code, condition = null) {
    const tensors = new Map([[0, { shape: this.codeShape, data: Float32Array.from(code) }]]);
    if (condition) tensors.set(1, { shape: [condition.length], data: Float32Array.from(condition) });
    for (const step of this.steps) {
      const inputs = step.inputs.map((input) => (typeof input === "number" ? tensors.get(input) : input.value));
      tensors.set(step.output, run(step, inputs, step.weights));
    }
    return tensors.get(this.output);
  }
}
