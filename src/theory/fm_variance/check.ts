import { type CheckOptions, type Claim, claim, type TheoremCheck } from "../theorem.ts";
import { formula, stated, type Statement } from "../statement.ts";
import { continuityDefect } from "./continuity.ts";
import { type GaussianPath, type Hypothesis, leastVariance, proved } from "./gaussian_path.ts";
import { type MarginalRow, sampleMarginals, type VelocityRow } from "./marginal.ts";
import { HIGH_DIMENSION, type NormRow, sampleNorms } from "./norms.ts";
import { criticalKolmogorov, criticalZ } from "./significance.ts";
import { followField, type Trajectories } from "./trajectories.ts";
import { carry, engineIntegrator, float64Integrator, type TransportRow } from "./transport.ts";

/** Result of the check. */
export interface FmVarianceCheck extends TheoremCheck {
  /** Variance of x_t against the theorem, one row per path and time. */
  readonly rows: readonly MarginalRow[];
  /** Critical values of the random tests. */
  readonly significance: Significance;
  /** Regression of dx_t/dt on x_t. */
  readonly velocities: readonly VelocityRow[];
  /** Norms in many dimensions. */
  readonly norms: readonly NormRow[];
  /** N(0, s^2) transported by the field in float64. */
  readonly transport: readonly TransportRow[];
  /** The same on the backend's engine, in float32. */
  readonly engineTransport: readonly TransportRow[];
  /** A few sample trajectories. */
  readonly trajectories: Trajectories;
}

/** Critical values that hold for all random tests of the check jointly. */
export interface Significance {
  /** Number of random tests. */
  readonly tests: number;
  /** Bound on the probability that a true theorem fails any of them. */
  readonly falseAlarm: number;
  /** Critical value of |z| at level falseAlarm / tests (Bonferroni). */
  readonly z: number;
  /** Critical value of sqrt(n) times the Kolmogorov-Smirnov distance at the same level. */
  readonly kolmogorov: number;
}

const FALSE_ALARM = 1e-4;

/** Points transported in float64, and by the engine. */
const POINTS = 1024, ENGINE_POINTS = 256;

/**
 * Error of the flow map in float64 over 5 paths, each eight consecutive solves at tolerance 1e-10;
 * the largest observed is 4e-11.
 */
const FLOAT64_TOLERANCE = 1e-8;

/**
 * Error of the flow map on an engine in float32 at tolerance 1e-6, relative to the largest
 * state. It grows most where the field shrinks the state to a fifth; 2e-5 was observed.
 */
const FLOAT32_TOLERANCE = 1e-4;

/** Central differences (step 1e-4) err by 1e-6 at rho = -0.9, where the density changes fastest. */
const CONTINUITY_TOLERANCE = 1e-5;

/** Paths whose closed forms are checked without sampling. */
const paths: readonly GaussianPath[] = [0.5, 2].flatMap((s) =>
  [0, 0.125, 0.5, 1].flatMap((sigmaMin) =>
    [-0.9, -0.5, 0, 0.5, 0.9, 1].map((rho) => ({ s, rho, sigmaMin }))
  )
);

/**
 * Tests the theorem, or another hypothesis in its place.
 *
 * All random tests are judged jointly (Bonferroni): the probability that any of them fails although
 * the theorem is true is at most 1e-4. Sample sizes are large enough for z to be normal that far
 * out, up to a factor of about 2 in its tail probability.
 */
export async function checkFmVariance(
  { seed, backend }: CheckOptions,
  hypothesis: Hypothesis = proved,
): Promise<FmVarianceCheck> {
  const marginals = await sampleMarginals(seed, hypothesis);
  const norms = await sampleNorms(seed, hypothesis);
  const transport = await carry(seed, hypothesis, {
    integrator: float64Integrator,
    points: POINTS,
  });
  const onEngine = await carry(seed, hypothesis, {
    integrator: engineIntegrator(backend),
    points: ENGINE_POINTS,
  });
  const trajectories = await followField(seed, hypothesis, float64Integrator);

  const scores = {
    mean: marginals.meanScores,
    variance: marginals.varianceScores,
    slope: marginals.slopeScores,
    square: norms.meanScores,
    squareVariance: norms.varianceScores,
    carried: transport.varianceScores,
  };
  const { rows } = marginals;
  const tests = rows.length + Object.values(scores).reduce((sum, { length }) => sum + length, 0);
  const significance = {
    tests,
    falseAlarm: FALSE_ALARM,
    z: criticalZ(FALSE_ALARM / tests),
    kolmogorov: criticalKolmogorov(FALSE_ALARM / tests),
  };
  const withinErrors = (statement: Statement, of: readonly number[]) =>
    claim(stated`${statement}: largest ${formula("|z|")} of ${of.length}`, {
      observed: largest(of),
      expected: 0,
      tolerance: significance.z,
    });

  const xt = formula("x_t"), square = formula("|x_t|^2");
  const carried = stated`${formula("x")} to ${
    formula("x std(t) / s", "x\\operatorname{std}(t)/s")
  }`;
  const radius = formula("5/6 s sqrt(d)", "\\tfrac56 s\\sqrt d");
  const claims: Claim[] = [
    withinErrors(
      stated`${xt} has the variance ${
        formula("s^2 (t^2 + a^2 + 2 rho t a)", "s^2 (t^2 + a^2 + 2\\rho t a)")
      }`,
      scores.variance,
    ),
    withinErrors(stated`${xt} has the mean 0`, scores.mean),
    claim(
      stated`${xt} is normal: largest ${
        formula("sqrt(n) D", "\\sqrt n\\,D")
      } (Kolmogorov-Smirnov) of ${rows.length}`,
      {
        observed: largest(rows.map((row) => row.kolmogorov)),
        expected: 0,
        tolerance: significance.kolmogorov,
      },
    ),
    halfway(rows, significance.z),
    claim(
      stated`the variance has the minimum of section 3, at the time of section 3: largest error over ${
        formula("s^2")
      }`,
      {
        observed: largest(paths.map((path) => leastVarianceError(hypothesis, path))),
        expected: 0,
        tolerance: 1e-6, // the error of the search on 1,001 times is at most 1e-6
      },
    ),
    withinErrors(
      stated`${formula("dx_t/dt")} regressed on ${xt} has the slope ${
        formula("d/dt log std(t)", "\\frac{d}{dt}\\log\\operatorname{std}(t)")
      }`,
      scores.slope,
    ),
    claim("density and field satisfy the continuity equation: largest defect", {
      observed: largest(paths.map((path) => continuityDefect(hypothesis, path))),
      expected: 0,
      tolerance: CONTINUITY_TOLERANCE,
    }),
    claim(stated`odeint carries ${carried} in float64: largest relative error`, {
      observed: largest(transport.rows.map((row) => row.flowError)),
      expected: 0,
      tolerance: FLOAT64_TOLERANCE,
    }),
    withinErrors(
      stated`odeint carries ${formula("N(0, s^2)", "\\mathcal N(0, s^2)")} through those variances`,
      scores.carried,
    ),
    claim(
      stated`the ${backend.kind} engine carries ${carried} in float32: largest relative error`,
      {
        observed: largest(onEngine.rows.map((row) => row.flowError)),
        expected: 0,
        tolerance: FLOAT32_TOLERANCE,
      },
    ),
    withinErrors(
      stated`in ${HIGH_DIMENSION} dimensions ${square} has the mean ${
        formula("d std(t)^2", "d\\operatorname{std}(t)^2")
      }`,
      scores.square,
    ),
    withinErrors(
      stated`in ${HIGH_DIMENSION} dimensions ${square} has the variance ${
        formula("2 d std(t)^4", "2d\\operatorname{std}(t)^4")
      }`,
      scores.squareVariance,
    ),
    claim(
      stated`in ${HIGH_DIMENSION} dimensions no ${
        formula("x_0")
      } is within ${radius}: share within`,
      {
        observed: 1 - shareOutside(norms.rows, 0),
        expected: 0,
        tolerance: 0,
      },
    ),
    claim(
      stated`in ${HIGH_DIMENSION} dimensions every ${
        formula("x_(1/2)", "x_{1/2}")
      } is within ${radius}: share outside`,
      {
        observed: shareOutside(norms.rows, 0.5),
        expected: 0,
        tolerance: 0,
      },
    ),
  ];
  return {
    name: "fm-variance",
    pass: claims.every(({ pass }) => pass),
    claims,
    rows,
    significance,
    velocities: marginals.velocities,
    norms: norms.rows,
    transport: transport.rows,
    engineTransport: onEngine.rows,
    trajectories,
  };
}

/** The theorem's best-known special case as a claim of its own. */
function halfway(rows: readonly MarginalRow[], z: number): Claim {
  const { variance, stdErr } = rows.find(({ t, s, rho, sigmaMin }) =>
    t === 0.5 && s === 1 && rho === 0 && sigmaMin === 0
  )!;
  return claim(
    stated`independent, ${formula("sigma_min = 0", "\\sigma_{\\min} = 0")}: at ${
      formula("t = 1/2")
    } half the variance remains`,
    {
      observed: variance,
      expected: 0.5,
      stdErr,
      tolerance: z * stdErr,
    },
  );
}

/** Largest magnitude; NaN if any value is NaN. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function shareOutside(rows: readonly NormRow[], t: number): number {
  return rows.find((row) => row.d === HIGH_DIMENSION && row.t === t)!.shareOutside;
}

/** Error of the formula for the least variance against a search on 1,001 times, over s^2. */
function leastVarianceError(hypothesis: Hypothesis, path: GaussianPath): number {
  const at = (t: number) => hypothesis.variance(path, t);
  const least = leastVariance(path);
  let found = Infinity;
  for (let i = 0; i <= 1000; i++) found = Math.min(found, at(i / 1000));
  const errors = [at(least.t) - least.variance, found - least.variance];
  return largest(errors) / path.s ** 2;
}
