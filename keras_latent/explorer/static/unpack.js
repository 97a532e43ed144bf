// Reads what explorer/packing.py has packed.

const TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** The header, and the arrays by their names: {shape, data}. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = Object.fromEntries(Object.entries(header.arrays).map(([name, { offset, shape, dtype }]) => {
    const count = shape.reduce((product, side) => product * side, 1);
    return [name, { shape, data: new TYPES[dtype](buffer, 4 + length + offset, count) }];
  }));
  return { header, arrays };
}

/** Bytes that are written in base64. */
export function fromBase64(text) {
  const characters = atob(text.trim());
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes.buffer;
}

/** Bytes that gzip has compressed. */
export async function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
