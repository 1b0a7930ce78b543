import assert from "node:assert/strict";
import { bistableFlow } from "../../../src/theory/kfp/flows/bistable_flow.ts";
import type { CarriedDensity } from "../../../src/theory/kfp/carried_density.ts";
import { isotropicLogDensity } from "../../../src/theory/kfp/gaussian.ts";
import {
  type DensityRate,
  kolmogorovRate,
  measureKolmogorov,
} from "../../../src/theory/kfp/kolmogorov_equation.ts";
import { linearFlow } from "../../../src/theory/kfp/flows/linear_flow.ts";
import { judge } from "../../../src/theory/kfp/measurement.ts";
import {
  type NoisyDensity,
  ornsteinUhlenbeck,
} from "../../../src/theory/kfp/flows/ornstein_uhlenbeck.ts";
import {
  judgeSpecialForm,
  measureSpecialForm,
  noiseTerm,
} from "../../../src/theory/kfp/special_form.ts";
import {
  measureTotalDerivative,
  minusTrace,
  type RateOf,
} from "../../../src/theory/kfp/total_derivative.ts";
import { trainedCnf } from "../../../src/theory/kfp/flows/trained_cnf.ts";
import { vanDerPolFlow } from "../../../src/theory/kfp/flows/van_der_pol_flow.ts";

// The judge that passes the theorem must reject each of these.

const seed = 11;

async function accepts(density: CarriedDensity, rate: RateOf): Promise<boolean> {
  return judge(await measureTotalDerivative(density, rate, seed)).every(({ pass }) => pass);
}

const wrongRates: Readonly<Record<string, RateOf>> = {
  "the trace with the wrong sign": (density, t, x) => density.trace(t, x),
  "half of the trace": (density, t, x) => -density.trace(t, x) / 2,
  "a trace a thousandth too large": (density, t, x) => -1.001 * density.trace(t, x),
  "no trace at all": () => 0,
};

for (const density of [linearFlow, bistableFlow, vanDerPolFlow]) {
  Deno.test(`${density.name} has minus the trace`, async () => {
    assert.equal(await accepts(density, minusTrace), true);
  });
  for (const [name, rate] of Object.entries(wrongRates)) {
    Deno.test(`${density.name} does not have ${name}`, async () => {
      assert.equal(await accepts(density, rate), false);
    });
  }
}

Deno.test("the trained CNF does not have a trace a thousandth too large", async () => {
  assert.equal(await accepts(trainedCnf, wrongRates["a trace a thousandth too large"]!), false);
});

Deno.test("a density without the flow map's determinant is rejected", async () => {
  const frozen: CarriedDensity = {
    ...vanDerPolFlow,
    follow: async (start, times) =>
      (await vanDerPolFlow.follow(start, times)).map((point) => ({
        ...point,
        logDensity: isotropicLogDensity(start, { mean: [0, 0], variance: 1 }),
      })),
  };
  assert.equal(await accepts(frozen, minusTrace), false);
});

const noisy = ornsteinUhlenbeck(1);

function acceptsGeneral(rate: DensityRate): boolean {
  return judge(measureKolmogorov(noisy, rate, seed)).every(({ pass }) => pass);
}

const wrongGeneral: Readonly<Record<string, DensityRate>> = {
  "g^2 in place of g^2/2": ({ flux, laplacian }, g) => -flux + g ** 2 * laplacian,
  "noise that concentrates instead of diffusing": ({ flux, laplacian }, g) =>
    -flux - g ** 2 / 2 * laplacian,
  "a flux with the wrong sign": ({ flux, laplacian }, g) => flux + g ** 2 / 2 * laplacian,
  "no noise": ({ flux }) => -flux,
  "no flux": ({ laplacian }, g) => g ** 2 / 2 * laplacian,
};

Deno.test("the general equation holds with noise", () => {
  assert.equal(acceptsGeneral(kolmogorovRate), true);
});

for (const [name, rate] of Object.entries(wrongGeneral)) {
  Deno.test(`the general equation does not hold with ${name}`, () => {
    assert.equal(acceptsGeneral(rate), false);
  });
}

Deno.test("with noise the special form is rejected and the general rate accepted", async () => {
  assert.equal(await accepts(noisy, minusTrace), false);
  const whole: RateOf<NoisyDensity> = (of, t, x) => minusTrace(of, t, x) + noiseTerm(of, t, x);
  const measured = await measureTotalDerivative(noisy, whole, seed);
  assert.ok(judge(measured).every(({ pass }) => pass), `order ${measured.order}`);
});

async function acceptsGap(prediction: RateOf<NoisyDensity>, noise = 1): Promise<boolean> {
  const gap = await measureSpecialForm(ornsteinUhlenbeck(noise), prediction, seed);
  return judgeSpecialForm(gap).every(({ pass }) => pass);
}

const wrongGaps: Readonly<Record<string, RateOf<NoisyDensity>>> = {
  "g^2 in place of g^2/2": (of, t, x) => 2 * noiseTerm(of, t, x),
  "the wrong sign": (of, t, x) => -noiseTerm(of, t, x),
  "nothing": () => 0,
};

Deno.test("the special form fails by g^2/2 (Laplacian p)/p, for every g", async () => {
  for (const noise of [0, 0.3, 1, 1.7]) assert.equal(await acceptsGap(noiseTerm, noise), true);
});

for (const [name, prediction] of Object.entries(wrongGaps)) {
  Deno.test(`the special form does not fail by ${name}`, async () => {
    assert.equal(await acceptsGap(prediction), false);
  });
}
