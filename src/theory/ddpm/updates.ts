/** Inputs of one step from t to t + dt, besides the points. */
export interface StepContext {
  /** [n] Score at the points, at time t. */
  readonly score: Float64Array;
  /** [n] Standard normal draws. */
  readonly noise: Float64Array;
  /** beta(t). */
  readonly beta: number;
  /** Negative: time runs from noise to data. */
  readonly dt: number;
}

/** One step of a sampler from noise towards data: points [n] at t to points [n] at t + dt. */
export type Update = (x: Float64Array, step: StepContext) => Float64Array;

/** The two updates that the theorem compares. */
export interface Updates {
  /** Step of the discrete chain. */
  readonly ancestral: Update;
  /** Step of the reverse stochastic differential equation. */
  readonly eulerMaruyama: Update;
}

/**
 * The ancestral step of DDPM, with beta_t = -beta(t) dt:
 *   x_{t-1} = x_t / sqrt(1 - beta_t) + beta_t / sqrt(1 - beta_t) score(x_t, t) + sqrt(beta_t) eps.
 * NaN where beta_t > 1: no such chain exists.
 * Source: Ho et al. 2020, algorithm 2 with sigma_t^2 = beta_t, where
 * score = -eps_theta / sqrt(1 - alpha-bar_t).
 */
export function ancestral(x: Float64Array, step: StepContext): Float64Array {
  const { score, noise, beta, dt } = step;
  const betaT = -beta * dt;
  const grow = 1 / Math.sqrt(1 - betaT), spread = Math.sqrt(betaT);
  return x.map((at, i) => grow * at + betaT * grow * score[i]! + spread * noise[i]!);
}

/**
 * The Euler-Maruyama step of the reverse SDE
 *   dx = (-beta/2 x - beta score) dt + sqrt(beta) dw, with dw = eps sqrt(-dt).
 * Source: Anderson 1982; Song et al. 2021, equation 6.
 */
export function eulerMaruyama(x: Float64Array, step: StepContext): Float64Array {
  const { score, noise, beta, dt } = step;
  const root = Math.sqrt(-dt), diffusion = Math.sqrt(beta);
  return x.map((at, i) =>
    at + (-beta / 2 * at - beta * score[i]!) * dt + diffusion * (noise[i]! * root)
  );
}

/** Both updates as the theorem states them. */
export const updates: Updates = { ancestral, eulerMaruyama };
