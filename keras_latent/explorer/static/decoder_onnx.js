// Runs a decoder in the page that the page's own code doesn't know: by ONNX Runtime Web,
// whose script explorer/onnx_runtime.py has put before this one.

import { unzipped } from "./unpack.js";

/** What decodes one code after the other, as Decoder does. */
export class OnnxDecoder {
  static async open(runtime, { output }, { onnx, runtime: binary }, codeShape) {
    const { wasm } = runtime.env;
    // All that it would load otherwise, from a host: its threads and its own binary.
    Object.assign(wasm, { numThreads: 1, proxy: false, wasmBinary: await unzipped(binary.data) });
    const session = await runtime.InferenceSession.create(onnx.data, { executionProviders: ["wasm"], logSeverityLevel: 3 });
    wasm.wasmBinary = undefined;
    return new OnnxDecoder(runtime, session, output, codeShape);
  }

  constructor({ Tensor }, session, output, codeShape) {
    Object.assign(this, { Tensor, session, output, codeShape, last: Promise.resolve() });
  }

  /** The condition is one-hot, all 0 where the class is missing, which is -1 there. */
  decode(code, condition = null) {
    const { Tensor, session, output, codeShape } = this;
    const given = {};
    const rows = new Tensor("float32", Float32Array.from(code), [1, ...codeShape]);
    if (condition) Object.assign(given, { x: rows, y: new Tensor("int32", Int32Array.of(condition.indexOf(1)), [1]) });
    else given[session.inputNames[0]] = rows;
    // The runtime has one stack: a run must end before the next one begins.
    const run = this.last.then(async () => {
      const { dims: [, ...shape], data } = (await session.run(given, [output]))[output];
      return { shape, data };
    });
    this.last = run.catch(() => {});
    return run;
  }
}
