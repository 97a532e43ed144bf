// Where the page's data and decoded pictures come from: itself, a server, or a notebook.
// A host has load(), decode(codes, condition), original(row), sample(count, seed).

import { Decoder } from "./decoder.js";
import { OnnxDecoder } from "./decoder_onnx.js";
import { decodedPng } from "./pictures.js";
import { fromBase64, unpack } from "./unpack.js";

const pause = () => new Promise((resolve) => setTimeout(resolve));

/** Everything lies in the page, which decodes by its own code, or by ONNX Runtime Web. */
export class PageHost {
  constructor(text) {
    this.text = text;
    this.hasLink = true;
  }

  async load() {
    this.content = unpack(fromBase64(this.text));
    const { header, arrays } = this.content;
    const { decoder, code_shape: codeShape } = header;
    this.decoder = decoder.runtime
      ? await OnnxDecoder.open(window.onnxRuntimeWeb, decoder, arrays, codeShape)
      : new Decoder(decoder, arrays.weights.data, codeShape);
    return this.content;
  }

  async decode(codes, condition) {
    const { conditions } = this.content.header;
    const told = conditions && Float32Array.from(conditions, (_, i) => (i === condition ? 1 : 0));
    const pictures = [];
    for (const code of codes) {
      pictures.push(await this.decoder.decode(code, told));
      // Between two pictures, the page may answer.
      if (codes.length > 1) await pause();
    }
    return pictures;
  }

  async original(row) {
    const { header, arrays: { originals, original_ends: ends } } = this.content;
    if (!originals) return null;
    const start = row === 0 ? 0 : ends.data[row - 1];
    return decodedPng(originals.data.subarray(start, ends.data[row]), header.image_shape[2]);
  }

  async sample(count, seed) {
    const { data, shape: [held, size] } = this.content.arrays.drawn;
    return Array.from({ length: count }, (_, i) => {
      const row = (seed * count + i) % held;
      return data.subarray(row * size, (row + 1) * size);
    });
  }
}

function rowsOf({ shape: [count, ...shape], data }) {
  const size = data.length / count;
  return Array.from({ length: count }, (_, i) => ({ shape, data: data.subarray(i * size, (i + 1) * size) }));
}

/** What asks elsewhere: a request is an object, the answer a packed buffer. */
export class AskingHost {
  constructor(ask, hasLink) {
    this.ask = ask;
    this.hasLink = hasLink;
  }

  async asked(request) {
    return unpack(await this.ask(request));
  }

  load() {
    return this.asked({ kind: "load" });
  }

  async decode(codes, condition) {
    const { arrays } = await this.asked({ kind: "decode", codes: codes.map((code) => [...code]), condition });
    return rowsOf(arrays.pictures);
  }

  async original(row) {
    return (await this.asked({ kind: "original", row })).arrays.picture;
  }

  async sample(count, seed) {
    return rowsOf((await this.asked({ kind: "sample", count, seed })).arrays.codes).map(({ data }) => data);
  }
}

/** The server that sent the page; its token is in the page's address. */
export const serverHost = () => new AskingHost(async (request) => {
  const answer = await fetch("ask", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.arrayBuffer();
}, true);

/** The kernel of a notebook, through the model of an anywidget. */
export function notebookHost(model) {
  const waiting = new Map();
  let last = 0;
  model.on("msg:custom", (message, buffers) => {
    const { resolve, reject } = waiting.get(message.id) ?? {};
    if (!resolve) return;
    waiting.delete(message.id);
    if (message.error) reject(new Error(message.error));
    else {
      const { buffer, byteOffset, byteLength } = buffers[0];
      // A part of a larger buffer begins anywhere, and arrays need multiples of eight.
      resolve((buffer ?? buffers[0]).slice(byteOffset ?? 0, (byteOffset ?? 0) + (byteLength ?? buffers[0].byteLength)));
    }
  });
  return new AskingHost((request) => new Promise((resolve, reject) => {
    const id = ++last;
    waiting.set(id, { resolve, reject });
    model.send({ ...request, id });
  }), false);
}
