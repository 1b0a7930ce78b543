import assert from "node:assert/strict";
import { fillNormal } from "../../src/core/random/random.ts";
import { callerKey } from "../../src/core/random/subsequences.ts";
import {
  logScaleSum,
  type Standardization,
  toData,
  toModel,
} from "../../src/flows/standardization.ts";
import { ledoitWolfFactor } from "../../src/flows/whitening.ts";

/** Rows of three correlated columns, [count * 3]. */
function correlated(count: number): Float64Array {
  const e = fillNormal(callerKey(1), 0, new Float64Array(count * 3));
  return e.map((_, i) => {
    const at = i - i % 3, [a, b, c] = [e[at]!, e[at + 1]!, e[at + 2]!];
    return [a, 0.5 * a + 0.8 * b, -0.3 * a + 0.4 * b + 0.8 * c][i % 3]!;
  });
}

Deno.test("ledoitWolfFactor() is that of numpy's Cholesky of the shrunk covariance", () => {
  // numpy: S = X.T @ X / 5, shrinkage by sklearn's ledoit_wolf_shrinkage(X, assume_centered=True),
  // 0.50516, then numpy.linalg.cholesky.
  const rows = [1.2, 0.9, -0.3, -0.7, -1.1, 0.4, 0.3, 0.2, 1.5, -1.4, -0.8, -0.6, 0.6, 0.8, -1];
  const expected = [
    [0.9045207075007224],
    [0.3840474201766726, 0.7561064459908475],
    [0.005470760971177663, -0.09832995626630553, 0.8723268891672359],
  ];
  ledoitWolfFactor(rows, 3).forEach((row, i) => {
    assert.equal(row.length, i + 1);
    row.forEach((value, j) => assert.ok(Math.abs(value - expected[i]![j]!) < 1e-14));
  });
});

Deno.test("whitened rows have the identity as covariance, and toData() brings them back", () => {
  const count = 5000, rows = correlated(count);
  const scales = { center: [0, 0, 0], scale: [1, 1, 1] };
  const factor = ledoitWolfFactor(rows, 3);
  const whitened: Standardization = { kind: "whiten", ...scales, factor };
  const w = toModel(whitened, rows);
  for (const [a, b] of [[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]] as const) {
    let sum = 0;
    for (let at = 0; at < w.length; at += 3) sum += w[at + a]! * w[at + b]!;
    // The factor is that of these rows themselves; the shrinkage of 5,000 is below 1 %.
    assert.ok(Math.abs(sum / count - (a === b ? 1 : 0)) < 0.03, `${a} ${b}: ${sum / count}`);
  }
  toData(whitened, w).forEach((value, i) => assert.ok(Math.abs(value - rows[i]!) < 1e-5));
});

Deno.test("logScaleSum() of whitened columns is the logarithm of the map's volume", () => {
  const standardization: Standardization = {
    kind: "whiten",
    center: [3, -2],
    scale: [10, 0.1],
    factor: [[2], [-1, 0.5]],
  };
  // The area of the image of the unit square, by its edges.
  const [x0, y0, x1, y1, x2, y2] = toData(standardization, Float32Array.of(0, 0, 1, 0, 0, 1));
  const area = (x1! - x0!) * (y2! - y0!) - (x2! - x0!) * (y1! - y0!);
  assert.ok(Math.abs(Math.log(area) - logScaleSum(standardization)) < 1e-9);
});

Deno.test("ledoitWolfFactor() of columns that determine each other stays finite", () => {
  const once = fillNormal(callerKey(2), 0, new Float64Array(300));
  const twice = Float64Array.from({ length: 600 }, (_, i) => once[Math.floor(i / 2)]!);
  const [[first], [, second]] = ledoitWolfFactor(twice, 2) as [[number], [number, number]];
  assert.ok(first > 0.5 && second > 0 && second < 0.2, `${first}, ${second}`);
});
