import {
  blendRow,
  type Canvas,
  commonBox,
  COVERED,
  type Paint,
  type PixelBox,
  touchedBox,
} from "./canvas.ts";

/** A closed outline x, y, x, y, ... in pixels; its end is joined to its start. */
export type Outline = ArrayLike<number>;

/** The rectangle around points x, y, x, y, ... */
export function boundsOf(outlines: readonly Outline[]): PixelBox {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (const points of outlines) {
    for (let i = 0; i + 1 < points.length; i += 2) {
      const x = points[i]!, y = points[i + 1]!;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  return { left, top, right, bottom };
}

/**
 * Fills the area inside outlines. A pixel is painted as far as the area covers it, exactly.
 *
 * Outlines of the opposite direction are holes. Areas that overlap in one direction are painted once.
 */
export function fillOutlines(
  canvas: Canvas,
  outlines: readonly Outline[],
  paint: Paint,
  clip: PixelBox,
): void {
  const box = commonBox(touchedBox(boundsOf(outlines)), clip);
  const width = box.right - box.left, height = box.bottom - box.top;
  if (!(width > 0 && height > 0)) return;
  const area = new SignedAreas(width, height);
  for (const points of outlines) {
    const n = points.length;
    if (n < 6) continue;
    let x0 = points[n - 2]! - box.left, y0 = points[n - 1]! - box.top;
    for (let i = 0; i < n; i += 2) {
      const x1 = points[i]! - box.left, y1 = points[i + 1]! - box.top;
      area.addEdge(x0, y0, x1, y1);
      x0 = x1;
      y0 = y1;
    }
  }
  const coverage = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    area.readRow(y, coverage);
    const row = { y: box.top + y, left: box.left, right: box.right };
    blendRow(canvas, row, { values: coverage, from: 0 }, paint);
  }
}

/**
 * Signed areas to the right of edges, as differences between neighbouring pixels: their running sum
 * along a row is the coverage of each pixel, times the number of windings.
 */
class SignedAreas {
  readonly #width: number;
  readonly #height: number;
  /** [height, width + 2]: an edge on the right border writes two cells beyond. */
  readonly #cells: Float32Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#cells = new Float32Array(height * (width + 2));
  }

  addEdge(x0: number, y0: number, x1: number, y1: number): void {
    if (y0 === y1) return;
    const down = y1 > y0;
    const slope = (x1 - x0) / (y1 - y0);
    let [x, y] = down ? [x0, y0] : [x1, y1];
    const end = Math.min(down ? y1 : y0, this.#height);
    if (y < 0) {
      x -= y * slope;
      y = 0;
    }
    const sign = down ? 1 : -1;
    while (y < end) {
      const next = Math.min(Math.floor(y) + 1, end);
      const nextX = x + (next - y) * slope;
      this.#addWithin(Math.floor(y), x, nextX, sign * (next - y));
      x = nextX;
      y = next;
    }
  }

  /** An edge within a row, from x to `nextX` over the height `rise`. */
  #addWithin(row: number, x: number, nextX: number, rise: number): void {
    const width = this.#width, start = row * (width + 2);
    // What is left of the box covers all of a row, what is right of it nothing.
    const left = Math.min(Math.max(Math.min(x, nextX), 0), width);
    const right = Math.min(Math.max(Math.max(x, nextX), 0), width);
    const whole = Math.abs(nextX - x);
    const cells = this.#cells;
    if (whole > 0 && right - left < whole) {
      const before = Math.max(0, Math.min(0, Math.max(x, nextX)) - Math.min(x, nextX));
      cells[start]! += rise * before / whole;
      rise *= (right - left) / whole;
      if (right <= left) return;
    }
    const first = Math.floor(left), last = Math.ceil(right);
    if (last <= first + 1) {
      const middle = (left + right) / 2 - first;
      cells[start + first]! += rise * (1 - middle);
      cells[start + first + 1]! += rise * middle;
      return;
    }
    // The share of a pixel's area right of the edge grows linearly across the pixels between.
    const perPixel = rise / (right - left);
    let done = 0;
    for (let cell = first; cell < last; cell++) {
      const from = Math.max(left, cell), to = Math.min(right, cell + 1);
      const share = perPixel * (to - from);
      const inside = share * (cell + 1 - (from + to) / 2);
      cells[start + cell]! += inside + done;
      done = share - inside;
    }
    cells[start + last]! += done;
  }

  /** Coverage of the pixels of a row. */
  readRow(row: number, coverage: Uint8Array): void {
    const cells = this.#cells, start = row * (this.#width + 2);
    let sum = 0;
    for (let x = 0; x < coverage.length; x++) {
      sum += cells[start + x]!;
      coverage[x] = COVERED * Math.min(1, Math.abs(sum)) + 0.5;
    }
  }
}

/** Distance of a circle from its chords at most, in pixels. */
const FLATNESS = 0.03;

/** A circle as an outline of the same area; `reversed` as a hole in another. */
export function circleOutline(
  { x, y, radius }: { readonly x: number; readonly y: number; readonly radius: number },
  { reversed = false }: { readonly reversed?: boolean } = {},
): Float64Array {
  const wanted = Math.PI / Math.acos(1 - FLATNESS / Math.max(radius, 0.1));
  const corners = Math.max(12, Math.ceil(wanted)), turn = 2 * Math.PI / corners;
  const reach = radius * Math.sqrt(turn / Math.sin(turn));
  const points = new Float64Array(2 * corners);
  for (let i = 0; i < corners; i++) {
    const angle = (reversed ? -turn : turn) * i;
    points[2 * i] = x + reach * Math.cos(angle);
    points[2 * i + 1] = y + reach * Math.sin(angle);
  }
  return points;
}
