import {
  blendRow,
  type Canvas,
  commonBox,
  COVERED,
  fillRectangle,
  type Paint,
  type PixelBox,
  touchedBox,
} from "./canvas.ts";
import { boundsOf } from "./polygons.ts";

/** Points x, y, x, y, ... in pixels, joined by segments. */
export interface Polyline {
  readonly points: ArrayLike<number>;
  /** Whether the end is joined to the start. */
  readonly isClosed: boolean;
}

/** How lines are drawn. */
export interface Stroke {
  /** In pixels. */
  readonly width: number;
  /** Corners; with `miter` only those of horizontal and vertical segments are sharp. */
  readonly join: "miter" | "round";
  readonly paint: Paint;
}

/** Draws lines, whose ends are cut off at right angles. Where they overlap, they are painted once. */
export function strokeLines(
  canvas: Canvas,
  lines: readonly Polyline[],
  { width, join, paint }: Stroke,
  clip: PixelBox,
): void {
  const half = width / 2;
  const [first] = lines;
  if (lines.length === 1 && !first!.isClosed && first!.points.length === 4) {
    const box = levelBox(first!.points, half);
    if (box !== null) return fillRectangle(canvas, box, paint, clip);
  }
  const { left, top, right, bottom } = boundsOf(lines.map(({ points }) => points));
  const around = { left: left - half, top: top - half, right: right + half, bottom: bottom + half };
  const box = commonBox(touchedBox(around), clip);
  if (!(box.right > box.left && box.bottom > box.top)) return;
  const mask = new LineMask(box, half);
  for (const { points, isClosed } of lines) {
    const n = points.length / 2, segments = isClosed ? n : n - 1;
    for (let i = 0; i < segments; i++) {
      const from = 2 * i, to = 2 * ((i + 1) % n);
      const x0 = points[from]!, y0 = points[from + 1]!, x1 = points[to]!, y1 = points[to + 1]!;
      const joined = join === "miter" && (x0 === x1 || y0 === y1) ? "square" : "round";
      const start = isClosed || i > 0 ? joined : "cut";
      const end = isClosed || i < segments - 1 ? joined : "cut";
      mask.add(x0, y0, x1, y1, start, end);
    }
  }
  mask.paint(canvas, paint);
}

/** A horizontal or vertical segment as a rectangle; null if it is neither. */
function levelBox(points: ArrayLike<number>, half: number): PixelBox | null {
  const x0 = points[0]!, y0 = points[1]!, x1 = points[2]!, y1 = points[3]!;
  if (y0 === y1) {
    return { left: Math.min(x0, x1), right: Math.max(x0, x1), top: y0 - half, bottom: y0 + half };
  }
  if (x0 === x1) {
    return { left: x0 - half, right: x0 + half, top: Math.min(y0, y1), bottom: Math.max(y0, y1) };
  }
  return null;
}

/** End of a segment: none, a half disc, or half a square. */
type Cap = "cut" | "round" | "square";

/** Coverage of pixels by lines of a width: the largest of their segments. */
class LineMask {
  readonly #box: PixelBox;
  readonly #half: number;
  readonly #width: number;
  readonly #values: Uint8Array;
  /** First touched pixel of each row, and the one after the last. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;

  constructor(box: PixelBox, half: number) {
    const width = box.right - box.left, height = box.bottom - box.top;
    this.#box = box;
    this.#half = half;
    this.#width = width;
    this.#values = new Uint8Array(width * height);
    this.#from = new Int32Array(height).fill(width);
    this.#to = new Int32Array(height);
  }

  add(x0: number, y0: number, x1: number, y1: number, start: Cap, end: Cap): void {
    const dx = x1 - x0, dy = y1 - y0, length = Math.hypot(dx, dy);
    if (!(length > 0)) return;
    const { left, top, right, bottom } = this.#box, half = this.#half, width = this.#width;
    const values = this.#values, rowFrom = this.#from, rowTo = this.#to;
    const ux = dx / length, uy = dy / length, reach = half + 0.5, most = Math.min(1, 2 * half);
    const isSteep = Math.abs(dy) >= Math.abs(dx);
    // Along the longer direction, pixels across the line.
    const a0 = isSteep ? y0 : x0, a1 = isSteep ? y1 : x1, b0 = isSteep ? x0 : y0;
    const slope = isSteep ? dx / dy : dy / dx, across = reach * length / Math.abs(a1 - a0);
    const low = Math.min(a0, a1), high = Math.max(a0, a1);
    const firstA = Math.max(isSteep ? top : left, Math.floor(low - reach));
    const endA = Math.min(isSteep ? bottom : right, Math.ceil(high + reach));
    for (let a = firstA; a < endA; a++) {
      const centre = b0 + (Math.min(high, Math.max(low, a + 0.5)) - a0) * slope;
      const firstB = Math.max(isSteep ? left : top, Math.floor(centre - across));
      const endB = Math.min(isSteep ? right : bottom, Math.ceil(centre + across));
      for (let b = firstB; b < endB; b++) {
        const x = isSteep ? b : a, y = isSteep ? a : b;
        const row = y - top, column = x - left, at = row * width + column;
        // Lines of many points paint most of their pixels several times.
        if (values[at] === COVERED) continue;
        const px = x + 0.5 - x0, py = y + 0.5 - y0;
        const along = px * ux + py * uy, off = Math.abs(px * uy - py * ux);
        let covered = reach - off;
        const beyond = along < 0.5 ? -along : along - length;
        if (beyond > -0.5) {
          const cap = along < 0.5 ? start : end;
          if (cap === "round") {
            if (beyond > 0) covered = reach - Math.sqrt(beyond * beyond + off * off);
          } else {
            const reached = (cap === "square" ? half : 0) + 0.5 - beyond;
            covered = Math.min(1, Math.max(0, covered)) * Math.min(1, Math.max(0, reached));
          }
        }
        if (covered <= 0) continue;
        const value = COVERED * (covered < most ? covered : most) + 0.5 | 0;
        if (value > values[at]!) values[at] = value;
        if (column < rowFrom[row]!) rowFrom[row] = column;
        if (column >= rowTo[row]!) rowTo[row] = column + 1;
      }
    }
  }

  paint(canvas: Canvas, paint: Paint): void {
    const { left, top, bottom } = this.#box;
    for (let row = 0; row < bottom - top; row++) {
      const from = this.#from[row]!, to = this.#to[row]!;
      if (to <= from) continue;
      const pixels = { y: top + row, left: left + from, right: left + to };
      blendRow(canvas, pixels, { values: this.#values, from: row * this.#width + from }, paint);
    }
  }
}

/** Lines longer than this, in pixels, leave every picture; they are drawn without gaps. */
const LONGEST_DASHED = 2 ** 17;

/** The dashes of a line: pieces of it of the first length, with gaps of the second. */
export function dashed(
  { points, isClosed }: Polyline,
  [dash, gap]: readonly [dash: number, gap: number],
): Polyline[] {
  const pieces: number[][] = [];
  let piece: number[] = [], isDrawn = true, left = dash;
  const n = points.length / 2, segments = isClosed ? n : n - 1;
  const { left: x0, top: y0, right: x1, bottom: y1 } = boundsOf([points]);
  if (!(Math.max(x1 - x0, y1 - y0) <= LONGEST_DASHED)) return [{ points, isClosed }];
  if (n > 0) piece.push(points[0]!, points[1]!);
  for (let i = 0; i < segments; i++) {
    const from = 2 * i, to = 2 * ((i + 1) % n);
    const x0 = points[from]!, y0 = points[from + 1]!;
    const dx = points[to]! - x0, dy = points[to + 1]! - y0, length = Math.hypot(dx, dy);
    let done = 0;
    while (length - done > left) {
      done += left;
      const x = x0 + dx * done / length, y = y0 + dy * done / length;
      if (isDrawn) pieces.push([...piece, x, y]);
      isDrawn = !isDrawn;
      piece = isDrawn ? [x, y] : [];
      left = isDrawn ? dash : gap;
    }
    left -= length - done;
    if (isDrawn) piece.push(points[to]!, points[to + 1]!);
  }
  if (piece.length > 2) pieces.push(piece);
  return pieces.map((points) => ({ points, isClosed: false }));
}
