/**
 * A step-size controller as data, which every engine reads; no engine has a rule of its own.
 *
 * Let e1 be the scaled error of the attempt, e2 and e3 those of the two previous accepted steps (1
 * if there are none), and k the order of the error estimate. The next step size is h times
 *   safety * e1^(-b1/k) * e2^(-b2/k) * e3^(-b3/k),
 * clamped to the controller's limits.
 *
 * Source: Söderlind 2003, ACM Trans. Math. Softw. 29(1), 1-26, equation (31).
 */
export interface StepController {
  /** For messages. */
  readonly name: string;
  /** b1, b2, b3. */
  readonly exponents: readonly [number, number, number];
  /** Safety factor; also the largest factor after a rejected step. */
  readonly safety: number;
  /** Largest factor. */
  readonly growth: number;
  /** Smallest factor after an accepted step. */
  readonly shrinkAccepted: number;
  /** Smallest factor after a rejected step, and the factor after a step with a non-finite error. */
  readonly shrinkRejected: number;
}

/** Gains of a PID controller of the logarithm of the error. */
export interface ControllerGains {
  /** Gain of the log error. */
  readonly integral: number;
  /** Gain of its first difference from step to step. Default: 0. */
  readonly proportional?: number;
  /** Gain of its second difference. Default: 0. */
  readonly derivative?: number;
}

/** torchdiffeq's limits: the step size never shrinks after an accepted step. */
const LIMITS = { safety: 0.9, growth: 10, shrinkAccepted: 1, shrinkRejected: 0.2 } as const;

/** Lower bound of the errors of accepted steps that a controller sees, as in Hairer's dopri5.f. */
export const LEAST_REMEMBERED_ERROR = 1e-4;

/**
 * Creates a controller from its gains.
 *
 * @param limits Defaults are torchdiffeq's: safety 0.9, growth 10, shrinkAccepted 1, shrinkRejected 0.2.
 * @throws {RangeError} If {@link requireController} rejects the result.
 */
export function stepController(
  name: string,
  { integral, proportional = 0, derivative = 0 }: ControllerGains,
  limits: Partial<Omit<StepController, "name" | "exponents">> = {},
): StepController {
  const controller: StepController = {
    name,
    exponents: [
      integral + proportional + derivative,
      -(proportional + 2 * derivative),
      derivative,
    ],
    ...LIMITS,
    ...limits,
  };
  requireController(controller);
  return controller;
}

/** I controller, which uses the current error only: torchdiffeq's rule and the default. */
export const integralController: StepController = stepController("I", { integral: 1 });

/**
 * PI controller: also uses the error's trend, and so rejects fewer steps where stability rather
 * than accuracy limits the step size.
 * Source of the gains: Gustafsson 1991, ACM Trans. Math. Softw. 17(4), 533-554.
 */
export const piController: StepController = stepController(
  "PI",
  { integral: 0.3, proportional: 0.4 },
  { shrinkAccepted: LIMITS.shrinkRejected },
);

/**
 * PID controller: responds more slowly than PI, for error estimates that fluctuate from step to step.
 * Source of the gains: Kennedy & Carpenter 2003, Appl. Numer. Math. 44, 139-181.
 */
export const pidController: StepController = stepController(
  "PID",
  { integral: 0.25, proportional: 0.14, derivative: 0.1 },
  { shrinkAccepted: LIMITS.shrinkRejected },
);

/**
 * Rejects controllers with which a solve might not terminate.
 *
 * @throws {RangeError} Unless b1 is positive, all exponents are finite, and
 *   0 < shrinkRejected <= shrinkAccepted <= 1 <= growth < infinity, 0 < safety < 1, shrinkRejected < safety.
 */
export function requireController(controller: StepController): void {
  const { name, exponents, safety, growth, shrinkAccepted, shrinkRejected } = controller;
  const must = (holds: boolean, expected: string, got: unknown) => {
    if (!holds) throw new RangeError(`step controller ${name}: expected ${expected}, got ${got}`);
  };
  must(
    exponents.length === 3 && exponents.every(Number.isFinite) && exponents[0] > 0,
    "three finite exponents, the first above 0",
    exponents.join(", "),
  );
  must(safety > 0 && safety < 1, "safety between 0 and 1", safety);
  must(growth >= 1 && growth < Infinity, "growth from 1, finite", growth);
  must(
    shrinkRejected > 0 && shrinkRejected < safety,
    `shrinkRejected between 0 and safety ${safety}`,
    shrinkRejected,
  );
  must(
    shrinkAccepted > 0 && shrinkAccepted <= 1,
    "shrinkAccepted above 0, at most 1",
    shrinkAccepted,
  );
}
