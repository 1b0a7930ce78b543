/**
 * Writes (sin(k pi t), k = 1..width/2; cos(k pi t), k = 1..width/2) into `out` from `offset`.
 *
 * In float64 by the angle addition theorem: one sine and one cosine per row instead of `width`; the
 * error stays below width * 1e-16.
 */
function writeEmbedding(
  t: number,
  width: number,
  out: Float32Array | Float64Array,
  offset: number,
) {
  const half = width / 2;
  const sin1 = Math.sin(Math.PI * t), cos1 = Math.cos(Math.PI * t);
  let sin = sin1, cos = cos1;
  for (let k = 0; k < half; k++) {
    out[offset + k] = sin;
    out[offset + half + k] = cos;
    const nextSin = sin * cos1 + cos * sin1;
    cos = cos * cos1 - sin * sin1;
    sin = nextSin;
  }
}

/**
 * The time embedding of each row, in float64; consecutive equal times are computed once.
 *
 * @param t [n], finite; usually in [0, 1].
 * @param width Even.
 * @param out Receives [n * width], row-major.
 */
export function embeddingRows<T extends Float32Array | Float64Array>(
  t: ArrayLike<number>,
  width: number,
  out: T,
): T {
  for (let row = 0; row < t.length; row++) {
    const offset = row * width;
    if (row > 0 && t[row] === t[row - 1]) out.copyWithin(offset, offset - width, offset);
    else writeEmbedding(t[row]!, width, out, offset);
  }
  return out;
}
