// Which thumbnails show at which zoom, so few of them that none covers another.

const LEVELS = 24;
const STEP = Math.SQRT2;

/** How far apart thumbnails are on a level, as a part of how far they are on level 0. */
export const apart = (level) => STEP ** -level;

/** The level on which thumbnails are as near to each other as this part allows. */
export const levelFor = (part) => Math.min(LEVELS - 1, Math.floor(-Math.log(Math.max(part, 1e-12)) / Math.log(STEP) + 1e-9));

/**
 * For each point the first level at which its thumbnail shows; 255 where it isn't known.
 *
 * On level 0, thumbnails are `cell` apart, on each further one `apart` of it. What shows
 * on one level shows on all that follow, so that nothing flickers when one zooms.
 */
export class Levels {
  constructor(points, rows, cell) {
    Object.assign(this, { points, cell, waiting: rows, chosen: [], known: 0 });
    this.first = new Uint8Array(points.length / 2).fill(255);
  }

  /** Find what shows on all levels to this one: of many points, it takes time. */
  upTo(level) {
    while (this.known <= Math.min(level, LEVELS - 1) && this.waiting.length) this.next();
    return this.first;
  }

  next() {
    const { points, first, known } = this;
    const side = this.cell * apart(known);
    const grid = new Map();
    const key = (x, y) => Math.floor(x / side) * 4194304 + Math.floor(y / side);
    const put = (row) => {
      const at = key(points[2 * row], points[2 * row + 1]);
      if (grid.has(at)) grid.get(at).push(row);
      else grid.set(at, [row]);
    };
    const isFree = (row) => {
      const x = points[2 * row], y = points[2 * row + 1], at = key(x, y);
      for (let i = -1; i <= 1; i++) {
        for (let j = -1; j <= 1; j++) {
          for (const other of grid.get(at + i * 4194304 + j) ?? []) {
            if (Math.abs(points[2 * other] - x) < side && Math.abs(points[2 * other + 1] - y) < side) return false;
          }
        }
      }
      return true;
    };
    this.chosen.forEach(put);
    this.waiting = this.waiting.filter((row) => {
      if (!isFree(row)) return true;
      first[row] = known;
      this.chosen.push(row);
      put(row);
      return false;
    });
    this.known++;
  }
}
