import { type CheckOptions, type Claim, claim, type TheoremCheck } from "../theorem.ts";
import { bistableFlow } from "./flows/bistable_flow.ts";
import type { CarriedDensity } from "./carried_density.ts";
import { judgeEngine, measureEngine } from "./flows/engine_flow.ts";
import type { Equations } from "./equations.ts";
import { measureKolmogorov } from "./kolmogorov_equation.ts";
import { linearFlow } from "./flows/linear_flow.ts";
import { judge, type Measurement, ORDER_TOLERANCE, PREDICTED_ORDER } from "./measurement.ts";
import { ornsteinUhlenbeck } from "./flows/ornstein_uhlenbeck.ts";
import { judgeSpecialForm, measureSpecialForm, type SpecialFormGap } from "./special_form.ts";
import { measureTotalDerivative } from "./total_derivative.ts";
import { trainedCnf } from "./flows/trained_cnf.ts";
import { vanDerPolFlow } from "./flows/van_der_pol_flow.ts";

/** The check of the continuity equation. */
export interface KfpCheck extends TheoremCheck {
  readonly name: "kfp";
  /** Root mean square over the points of a case of left side minus right side; null in JSON where not finite. */
  readonly rows: readonly {
    /** `linear`, `bistable`, `van-der-pol`, `cnf`: the special form; `ornstein-uhlenbeck`: the general one. */
    readonly case: string;
    /** h of the central differences. */
    readonly step: number;
    /** Per unit of time: of d log p / dt in nats, of dp/dt in units of density. */
    readonly error: number;
  }[];
  /** Slope of log(error) against log(step), mean over the cases; 2 is predicted. */
  readonly order: number;
  /** The slope of each case. */
  readonly orders: Readonly<Record<string, number>>;
  /** By how much the special form fails for the Ornstein-Uhlenbeck density, without noise and with it. */
  readonly specialForm: readonly SpecialFormGap[];
  /** Where the trajectories start; the picture draws its own from it. */
  readonly seed: number;
}

/** Densities that a flow carries, g = 0. */
const flows: readonly CarriedDensity[] = [linearFlow, bistableFlow, vanDerPolFlow, trainedCnf];

/** g of the Ornstein-Uhlenbeck density. */
export const NOISE = 1;

/** Puts equations to the test: the theorem's, or a test's wrong ones. */
export async function checkEquations(
  { special, general, noiseTerm }: Equations,
  { seed, backend }: CheckOptions,
): Promise<KfpCheck> {
  const measurements: Measurement[] = [];
  for (const flow of flows) measurements.push(await measureTotalDerivative(flow, special, seed));
  measurements.push(measureKolmogorov(ornsteinUhlenbeck(NOISE), general, seed));
  const gaps = [
    await measureSpecialForm(ornsteinUhlenbeck(0), noiseTerm, seed),
    await measureSpecialForm(ornsteinUhlenbeck(NOISE), noiseTerm, seed),
  ];
  const order = measurements.reduce((sum, { order }) => sum + order, 0) / measurements.length;
  const claims: Claim[] = [
    claim("the errors of all cases fall with the step at order 2, on average", {
      observed: order,
      expected: PREDICTED_ORDER,
      tolerance: ORDER_TOLERANCE,
    }),
    ...measurements.flatMap(judge),
    ...gaps.flatMap(judgeSpecialForm),
    ...judgeEngine(backend.kind, await measureEngine(backend, seed)),
  ];
  return {
    name: "kfp",
    pass: claims.every(({ pass }) => pass),
    claims,
    rows: measurements.flatMap(({ case: name, steps, errors }) =>
      steps.map((step, i) => ({ case: name, step, error: errors[i]! }))
    ),
    order,
    orders: Object.fromEntries(measurements.map(({ case: name, order }) => [name, order])),
    specialForm: gaps,
    seed,
  };
}
