/**
 * Step-size controllers as data. Every engine reads these numbers; none has a rule of its own.
 *
 * With the scaled errors e1 of the attempt, e2 and e3 of the two accepted steps before it (1 where
 * there were none), and k the order of the error estimate, the next step is h times
 *   safety * e1^(-b1/k) * e2^(-b2/k) * e3^(-b3/k)
 * within the controller's limits.
 *
 * Source: Söderlind 2003, ACM Trans. Math. Softw. 29(1), 1-26, equation (31).
 */
export interface StepController {
  /** For messages. */
  readonly name: string;
  /** b1, b2, b3. */
  readonly exponents: readonly [number, number, number];
  /** Aims below the tolerance by this factor; a rejected step shrinks to it at least. */
  readonly safety: number;
  /** No step grows by more. */
  readonly growth: number;
  /** Least factor after an accepted step. */
  readonly shrinkAccepted: number;
  /** Least factor after a rejected step, and the factor after one without a finite error. */
  readonly shrinkRejected: number;
}

/** Gains of a controller; those that are left out are 0. */
export interface ControllerGains {
  /** Of the logarithm of the error. */
  readonly integral: number;
  /** Of its change from step to step. */
  readonly proportional?: number;
  /** Of the change of that change. */
  readonly derivative?: number;
}

/** torchdiffeq's limits: an accepted step never shrinks the next. */
const LIMITS = { safety: 0.9, growth: 10, shrinkAccepted: 1, shrinkRejected: 0.2 } as const;

/** Smaller errors of accepted steps count as this, as in Hairer's dopri5.f. */
export const LEAST_REMEMBERED_ERROR = 1e-4;

/**
 * A controller from its gains.
 *
 * @param limits The others are torchdiffeq's: safety 0.9, growth 10, shrinkAccepted 1, shrinkRejected 0.2.
 * @throws {RangeError} If a number is not what {@link requireController} asks for.
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

/** The error alone decides: torchdiffeq's rule, and the one that is used unless another is given. */
export const integralController: StepController = stepController("I", { integral: 1 });

/**
 * Follows the error's trend too, and so rejects less where stability, not accuracy, limits the
 * step. Source of the gains: Gustafsson 1991, ACM Trans. Math. Softw. 17(4), 533-554.
 */
export const piController: StepController = stepController(
  "PI",
  { integral: 0.3, proportional: 0.4 },
  { shrinkAccepted: LIMITS.shrinkRejected },
);

/**
 * Responds more slowly than PI, for error estimates that vary roughly from step to step. Source of the gains: Kennedy & Carpenter 2003, Appl. Numer. Math. 44, 139-181.
 */
export const pidController: StepController = stepController(
  "PID",
  { integral: 0.25, proportional: 0.14, derivative: 0.1 },
  { shrinkAccepted: LIMITS.shrinkRejected },
);

/**
 * Refuses numbers with which a solve might not end.
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
