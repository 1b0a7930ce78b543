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

/** Result of the check of the Kolmogorov-Fokker-Planck equation. */
export interface KfpCheck extends TheoremCheck {
  readonly name: "kfp";
  /** RMS of left side minus right side over the points of a case; null in JSON where not finite. */
  readonly rows: readonly {
    /** Special form: `linear`, `bistable`, `van-der-pol`, `cnf`; general: `ornstein-uhlenbeck`. */
    readonly case: string;
    /** Step h of the central differences. */
    readonly step: number;
    /** Per unit of time: nats for d log p / dt, units of density for dp/dt. */
    readonly error: number;
  }[];
  /** Mean over the cases of the slope of log(error) against log(step); 2 is predicted. */
  readonly order: number;
  /** The slope per case. */
  readonly orders: Readonly<Record<string, number>>;
  /** Error of the special form for the Ornstein-Uhlenbeck density, without and with noise. */
  readonly specialForm: readonly SpecialFormGap[];
  /** Seed of the starts; the picture draws its own trajectories from it. */
  readonly seed: number;
}

/** Densities transported by a flow, g = 0. */
const flows: readonly CarriedDensity[] = [linearFlow, bistableFlow, vanDerPolFlow, trainedCnf];

/** Diffusion coefficient g of the Ornstein-Uhlenbeck density. */
export const NOISE = 1;

/** Tests a set of equations: the theorem's, or deliberately wrong ones. */
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
