import assert from "node:assert/strict";
import { timeEmbedding } from "../../src/nn/time_embedding.ts";
import { type FixtureArray, readFixture, relativeError } from "./fixtures.ts";

const fixture = readFixture<{ dim: number; t: FixtureArray; out: FixtureArray }>("time_embedding");

Deno.test("timeEmbedding() is the fixture's", () => {
  const embedding = timeEmbedding(fixture.t.data, fixture.dim);
  // One rounding to float32, 6e-8, and the fixture's ten digits.
  const error = relativeError(embedding, fixture.out.data);
  assert.ok(error < 1e-7, `relative error ${error}`);
});
