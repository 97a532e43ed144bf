// Draws the map where the browser has no WebGL: the same, more slowly.

export class PlainCanvas {
  constructor(canvas, sprites, header) {
    Object.assign(this, { canvas, sprites });
    [this.cellHeight, this.cellWidth] = header.atlas.cell;
    this.context = canvas.getContext("2d");
  }

  setDots(places, colours) {
    Object.assign(this, { places, colours });
  }

  draw({ x, y, scale }, ratio, dotSize, shown, size) {
    const { canvas, context, places, colours, cellWidth, cellHeight } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const at = (px, py) => [canvas.width / 2 + (px - x) * scale * ratio, canvas.height / 2 - (py - y) * scale * ratio];
    const side = dotSize * ratio;
    for (let i = 0; i < places.length / 2; i++) {
      const [left, top] = at(places[2 * i], places[2 * i + 1]);
      if (left < 0 || top < 0 || left > canvas.width || top > canvas.height) continue;
      const [red, green, blue, alpha] = colours.subarray(4 * i, 4 * i + 4);
      context.fillStyle = `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
      context.fillRect(left - side / 2, top - side / 2, side, side);
    }
    const longer = Math.max(cellWidth, cellHeight);
    const width = (size * ratio * cellWidth) / longer, height = (size * ratio * cellHeight) / longer;
    const bytes = new Uint8Array(shown.values.buffer);
    context.imageSmoothingEnabled = false;
    for (let i = 0; i < shown.count; i++) {
      const [px, py, cornerX, cornerY] = shown.values.subarray(5 * i, 5 * i + 4);
      const [left, top] = at(px, py);
      const [red, green, blue] = bytes.subarray(20 * i + 16, 20 * i + 19);
      context.fillStyle = `rgb(${red} ${green} ${blue})`;
      context.fillRect(left - width / 2, top - height / 2, width, height);
      const frame = 1.5 * ratio;
      context.drawImage(this.sprites, cornerX, cornerY, cellWidth, cellHeight,
        left - width / 2 + frame, top - height / 2 + frame, width - 2 * frame, height - 2 * frame);
    }
  }
}
