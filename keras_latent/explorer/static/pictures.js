// Pixels on canvases.

/** A canvas of these pixels: {shape: [height, width, 1 or 3], data}, floats of [0, 1] or bytes. */
export function paint(canvas, { shape: [height, width, channels], data }) {
  const factor = data instanceof Uint8Array ? 1 : 255;
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(factor * data[i * channels + (channels === 1 ? 0 : c)]);
    image.data[4 * i + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** The pixels of an encoded picture, as bytes. */
export async function decodedPng(bytes, channels) {
  const canvas = onCanvas(await createImageBitmap(new Blob([bytes], { type: "image/png" })));
  const { width, height } = canvas;
  const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) data[i * channels + c] = rgba[4 * i + c];
  }
  return { shape: [height, width, channels], data };
}

/** A canvas that holds an image. */
export function onCanvas(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0);
  return canvas;
}

/** Canvases side by side on one, with room between them. */
export function sideBySide(canvases, columns, gap = 2) {
  const [{ width, height }] = canvases;
  const rows = Math.ceil(canvases.length / columns);
  const whole = document.createElement("canvas");
  whole.width = columns * (width + gap) - gap;
  whole.height = rows * (height + gap) - gap;
  const context = whole.getContext("2d");
  canvases.forEach((canvas, n) => context.drawImage(canvas,
    (n % columns) * (width + gap), Math.floor(n / columns) * (height + gap), width, height));
  return whole;
}
