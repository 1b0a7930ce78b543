import assert from "node:assert/strict";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { fillSigns, fillUniform } from "../../../src/core/random/random.ts";
import { checkFmVariance } from "../../../src/theory/fm_variance/check.ts";
import { type Hypothesis, proved } from "../../../src/theory/fm_variance/gaussian_path.ts";

/** A false theorem, the claims that must fail under it, and claims that must still pass. */
interface Control {
  readonly name: string;
  readonly hypothesis: Partial<Hypothesis>;
  readonly fails: readonly RegExp[];
  readonly passes: readonly RegExp[];
}

const variance = /has the variance s\^2/, mean = /has the mean 0/, normal = /is normal/;
const slope = /regressed/, continuity = /continuity/, least = /has the minimum/;
const float64 = /odeint carries x/, carried = /odeint carries N/, float32 = /engine carries x/;

const controls: readonly Control[] = [
  {
    name: "the wrong sign of u",
    hypothesis: { rate: (path, t) => -proved.rate(path, t) },
    fails: [slope, continuity, float64, carried, float32],
    passes: [variance, normal, mean],
  },
  {
    name: "u without the factor 1/2 of d/dt log variance",
    hypothesis: { rate: (path, t) => 2 * proved.rate(path, t) },
    fails: [slope, continuity, float64, carried, float32],
    passes: [variance, normal, mean],
  },
  {
    name: "rho t (1 - t) without its 2",
    hypothesis: {
      variance({ s, rho, sigmaMin }, t) {
        const a = 1 - (1 - sigmaMin) * t;
        return s * s * (t * t + a * a + rho * t * a);
      },
    },
    fails: [variance, normal, continuity, float64, float32, least],
    passes: [mean, slope],
  },
  {
    name: "t in place of t^2",
    hypothesis: {
      variance({ s, rho, sigmaMin }, t) {
        const a = 1 - (1 - sigmaMin) * t;
        return s * s * (t + a * a + 2 * rho * t * a);
      },
    },
    fails: [variance, normal, continuity, float64, float32, least, /dimensions .* mean d/],
    passes: [mean, slope],
  },
  {
    name: "(1 - t)^2 regardless of sigma_min",
    hypothesis: { variance: (path, t) => proved.variance({ ...path, sigmaMin: 0 }, t) },
    fails: [variance, normal, continuity, float64, float32, least],
    passes: [mean, slope, /at t = 1\/2 half/],
  },
  {
    name: "normal ends that are not jointly normal (x1 = x0 or -x0)",
    hypothesis: {
      pairs(path, key, n) {
        const { x0 } = proved.pairs(path, key, n);
        const u = fillUniform(
          { ...key, subsequence: key.subsequence! + 1_000_000 },
          0,
          new Float64Array(n),
        );
        const x1 = x0.map((value, i) => u[i]! < (1 + path.rho) / 2 ? value : -value);
        return { x0, x1 };
      },
    },
    fails: [normal],
    passes: [variance, mean, float64, continuity],
  },
  {
    name: "ends with the right variance that are not normal",
    hypothesis: {
      pairs(path, key, n) {
        const signs = fillSigns(key, 0, new Float64Array(2 * n));
        const rest = Math.sqrt(1 - path.rho ** 2);
        return {
          x0: Float64Array.from({ length: n }, (_, i) => path.s * signs[2 * i]!),
          x1: Float64Array.from(
            { length: n },
            (_, i) => path.s * (path.rho * signs[2 * i]! + rest * signs[2 * i + 1]!),
          ),
        };
      },
    },
    fails: [normal, /variance 2 d/],
    passes: [mean, float64, continuity],
  },
];

for (const { name, hypothesis, fails, passes } of controls) {
  Deno.test(`checkFmVariance() rejects ${name}`, async () => {
    const backend = await openBackend("cpu");
    const check = await checkFmVariance({ seed: 0, backend }, { ...proved, ...hypothesis });
    assert.equal(check.pass, false);
    const verdict = (statement: RegExp) => {
      const found = check.claims.filter((claim) => statement.test(claim.statement));
      assert.equal(found.length, 1, `${statement}`);
      return found[0]!;
    };
    for (const statement of fails) assert.equal(verdict(statement).pass, false, `${statement}`);
    for (const statement of passes) {
      const { pass, observed, tolerance } = verdict(statement);
      assert.ok(pass, `${statement}: ${observed}, at most ${tolerance}`);
    }
  });
}
