import assert from "node:assert/strict";
import { claim } from "../../src/theory/theorem.ts";

Deno.test("claim() passes up to its tolerance, on both sides, and not beyond", () => {
  const pass = (observed: number) => claim("x", { observed, expected: 2, tolerance: 0.5 }).pass;
  assert.deepEqual([1.5, 2, 2.5].map(pass), [true, true, true]);
  assert.deepEqual([1.4999999999, 2.5000000001, -2].map(pass), [false, false, false]);
});

Deno.test("claim() with zero tolerance requires equality", () => {
  const pass = (observed: number) => claim("x", { observed, expected: 0, tolerance: 0 }).pass;
  assert.deepEqual([0, -0, 5e-324].map(pass), [true, true, false]);
});

Deno.test("claim() fails where anything is not a number, or infinite", () => {
  const good = { observed: 1, expected: 1, tolerance: 1 };
  for (const key of ["observed", "expected", "tolerance"] as const) {
    assert.equal(claim("x", { ...good, [key]: NaN }).pass, false, key);
  }
  assert.equal(claim("x", { ...good, observed: Infinity }).pass, false);
  assert.equal(claim("x", { ...good, observed: Infinity, expected: Infinity }).pass, false);
});

Deno.test("claim() keeps its inputs, with null for a missing standard error", () => {
  const measured = { observed: 0.9, expected: 1, tolerance: 0.2 };
  const told = { statement: "one", ...measured, pass: true };
  assert.deepEqual(claim("one", measured), { ...told, stdErr: null });
  assert.deepEqual(claim("one", { ...measured, stdErr: 0.1 }), { ...told, stdErr: 0.1 });
  assert.deepEqual(JSON.parse(JSON.stringify(claim("one", measured))), claim("one", measured));
});
