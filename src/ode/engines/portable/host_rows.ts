import type { RowSpace, StatePart, Term } from "../../solver/rows.ts";

/** Rows [count, width] in float64 on the host, row-major. */
export interface HostRows {
  readonly data: Float64Array;
  readonly count: number;
  readonly width: number;
}

/**
 * Rows backed by `data`, without a copy.
 *
 * @throws {RangeError} If the length of `data` is not count * width.
 */
export function hostRows(data: Float64Array, count: number, width: number): HostRows {
  if (data.length !== count * width) {
    throw new RangeError(`rows: expected ${count} x ${width} numbers, got ${data.length}`);
  }
  return { data, count, width };
}

function combine(
  base: HostRows | null,
  scale: Float64Array,
  terms: readonly Term<HostRows>[],
): HostRows {
  const { count, width } = terms[0]!.rows;
  const out = new Float64Array(count * width);
  for (const { weight, rows } of terms) {
    const source = rows.data;
    if (typeof weight === "number") {
      for (let i = 0; i < out.length; i++) out[i]! += weight * source[i]!;
    } else {
      for (let row = 0, i = 0; row < count; row++) {
        const w = weight[row]!;
        for (const end = i + width; i < end; i++) out[i]! += w * source[i]!;
      }
    }
  }
  for (let row = 0, i = 0; row < count; row++) {
    const h = scale[row]!;
    for (const end = i + width; i < end; i++) out[i]! *= h;
  }
  if (base !== null) {
    const source = base.data;
    for (let i = 0; i < out.length; i++) out[i] = source[i]! + out[i]!;
  }
  return { data: out, count, width };
}

function scaledSquares(
  value: HostRows,
  against: {
    reference: HostRows;
    other: HostRows;
    parts: readonly StatePart[];
    rtol: number;
    atol: number;
  },
): Promise<Float64Array> {
  const { reference, other, parts, rtol, atol } = against;
  const out = new Float64Array(value.count * parts.length);
  for (let row = 0, i = 0, o = 0; row < value.count; row++) {
    for (const part of parts) {
      let sum = 0;
      for (const end = i + part.width; i < end; i++) {
        const largest = Math.max(Math.abs(reference.data[i]!), Math.abs(other.data[i]!));
        const scaled = value.data[i]! / (atol + rtol * largest);
        // An infinite state would scale every error to zero.
        sum += largest < Infinity ? scaled * scaled : NaN;
      }
      out[o++] = sum < Infinity ? sum : NaN;
    }
  }
  return Promise.resolve(out);
}

/** Solver arithmetic in float64 on plain arrays. */
export const hostSpace: RowSpace<HostRows> = {
  count: (rows) => rows.count,
  width: (rows) => rows.width,
  combine,
  scaledSquares,
  take(rows, indices) {
    const { width } = rows;
    const out = new Float64Array(indices.length * width);
    for (let row = 0, o = 0; row < indices.length; row++) {
      for (let i = indices[row]! * width, end = i + width; i < end; i++) out[o++] = rows.data[i]!;
    }
    return { data: out, count: indices.length, width };
  },
  stack(blocks) {
    const count = blocks.reduce((total, block) => total + block.count, 0);
    const { width } = blocks[0]!;
    const out = new Float64Array(count * width);
    let offset = 0;
    for (const block of blocks) {
      out.set(block.data, offset);
      offset += block.data.length;
    }
    return { data: out, count, width };
  },
  columns(rows, start, width) {
    const out = new Float64Array(rows.count * width);
    for (let row = 0, o = 0; row < rows.count; row++) {
      const first = row * rows.width + start;
      for (let column = 0; column < width; column++) out[o++] = rows.data[first + column]!;
    }
    return { data: out, count: rows.count, width };
  },
  beside(blocks) {
    const { count } = blocks[0]!;
    const width = blocks.reduce((total, block) => total + block.width, 0);
    const out = new Float64Array(count * width);
    let start = 0;
    for (const block of blocks) {
      for (let row = 0, i = 0; row < count; row++) {
        const first = row * width + start;
        for (let column = 0; column < block.width; column++) out[first + column] = block.data[i++]!;
      }
      start += block.width;
    }
    return { data: out, count, width };
  },
  release() {},
};
