import assert from "node:assert/strict";
import { samplersStudy } from "../../../src/theory/ddpm/samplers.ts";
import { ancestral, eulerMaruyama } from "../../../src/theory/ddpm/updates.ts";
import { mistakes } from "./_wrong_updates.ts";

for (const [name, mistake] of Object.entries(mistakes)) {
  Deno.test(`samplersStudy() rejects an ancestral sampler where ${name}`, () => {
    const { claims } = samplersStudy({ ancestral: mistake, eulerMaruyama }, 0);
    const ancestralClaims = claims.slice(0, 3), eulerMaruyamaClaims = claims.slice(3, 6);
    assert.deepEqual(ancestralClaims.map(({ pass }) => pass), [false, false, false]);
    // Only the sampler with the mistake fails.
    assert.deepEqual(eulerMaruyamaClaims.map(({ pass }) => pass), [true, true, true]);
  });
}

Deno.test("samplersStudy() rejects two samplers that agree on a wrong score", () => {
  const halved = (update: typeof ancestral): typeof ancestral => (x, step) =>
    update(x, { ...step, score: step.score.map((value) => value / 2) });
  const { claims } = samplersStudy(
    { ancestral: halved(ancestral), eulerMaruyama: halved(eulerMaruyama) },
    0,
  );
  assert.deepEqual(claims.map(({ pass }) => pass), [
    ...[false, false, false],
    ...[false, false, false],
    true, // driven by the same noise they still end close to each other
  ]);
});
