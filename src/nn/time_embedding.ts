/**
 * The frequencies k * pi, k = 1..width/2, of a time embedding.
 *
 * @throws {RangeError} If `width` is not a positive even number.
 */
export function embeddingFrequencies(width: number): Float32Array {
  requireEvenWidth(width);
  return Float32Array.from({ length: width / 2 }, (_, i) => (i + 1) * Math.PI);
}

/**
 * Times as vectors: (sin(k pi t), k = 1..width/2; cos(k pi t), k = 1..width/2).
 *
 * @param t [n], any finite numbers.
 * @param width Even.
 * @returns [n * width], row-major; computed in float64 and rounded once.
 * @throws {RangeError} If `width` is not a positive even number, or a time is not finite.
 */
export function timeEmbedding(t: ArrayLike<number>, width: number): Float32Array {
  requireEvenWidth(width);
  const half = width / 2;
  const out = new Float32Array(t.length * width);
  for (let row = 0; row < t.length; row++) {
    const start = row * width;
    const time = t[row]!;
    if (!Number.isFinite(time)) {
      throw new RangeError(`time embedding: expected a finite time, got ${time} in row ${row}`);
    }
    // Rows of one control group stand at the same time.
    if (row > 0 && time === t[row - 1]) {
      out.copyWithin(start, start - width, start);
      continue;
    }
    for (let k = 1; k <= half; k++) {
      const angle = k * Math.PI * time;
      out[start + k - 1] = Math.sin(angle);
      out[start + half + k - 1] = Math.cos(angle);
    }
  }
  return out;
}

function requireEvenWidth(width: number): void {
  if (!Number.isSafeInteger(width) || width < 2 || width % 2 !== 0) {
    throw new RangeError(`time embedding: expected a positive even width, got ${width}`);
  }
}
