// Colours of points, as plots/style.py has them.

const CLASSES = [
  "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
  "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
].map(parsed);
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

/** The colour of a class, of so many. */
export function classColour(index, count) {
  if (index < 0) return PLAIN;
  if (count <= CLASSES.length) return CLASSES[index];
  return onScale(index / (count - 1));
}

/** RGBA bytes of all images. */
export function coloursOf(subject, by) {
  const colours = new Uint8Array(4 * subject.count);
  const place = new Float32Array(subject.count);
  subject.byError.forEach((row, i) => { place[row] = 1 - i / Math.max(subject.count - 1, 1); });
  for (let row = 0; row < subject.count; row++) {
    const colour = by === "label" ? classColour(subject.labels[row], subject.header.classes.length)
      : by === "error" ? onScale(place[row]) : PLAIN;
    colours.set([...colour, 255], 4 * row);
  }
  return colours;
}
