// Colours of points: those of classes come with the images, from plots/class_colours.py.

const PLAIN = parsed("#4269d0");
// Five stops of viridis.
const SCALE = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"].map(parsed);

function parsed(text) {
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

function onScale(share) {
  const at = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1);
  const first = Math.min(Math.floor(at), SCALE.length - 2);
  return SCALE[first].map((value, i) => Math.round(value + (at - first) * (SCALE[first + 1][i] - value)));
}

/** The colours of the classes, in their order. */
export const classColours = (header) => header.class_colours.map(parsed);

/** RGBA bytes of all images. */
export function coloursOf(subject, by) {
  const colours = new Uint8Array(4 * subject.count);
  const ofClasses = classColours(subject.header);
  const place = new Float32Array(subject.count);
  subject.byError.forEach((row, i) => { place[row] = 1 - i / Math.max(subject.count - 1, 1); });
  for (let row = 0; row < subject.count; row++) {
    const colour = by === "label" ? ofClasses[subject.labels[row]] ?? PLAIN
      : by === "error" ? onScale(place[row]) : PLAIN;
    colours.set([...colour, 255], 4 * row);
  }
  return colours;
}
