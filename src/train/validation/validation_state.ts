/** What a run knows of its validations; part of its checkpoint. */
export interface ValidationState {
  /** Steps done at the last validation; 0 before the first. */
  readonly step: number;
  /** Validations since the last improvement. */
  readonly stale: number;
  /** The weights with the lowest validation loss; null before the first validation. */
  readonly best: BestWeights | null;
  /** If training stopped early: the steps that the run was set for. Otherwise null. */
  readonly stoppedFor: number | null;
}

/** The weights with the lowest validation loss so far. */
export interface BestWeights {
  /** Steps done. */
  readonly step: number;
  readonly loss: number;
  /** Flat, in device order; averaged if the run keeps an average. */
  readonly weights: Float32Array;
}

/** State before the first validation. */
export const firstValidation: ValidationState = {
  step: 0,
  stale: 0,
  best: null,
  stoppedFor: null,
};

/** When training stops early. */
export interface StopRule {
  /** Validations without improvement before training stops; 0: never. */
  readonly patience: number;
  /** Total steps of the run. */
  readonly steps: number;
}

/** Whether a validation loss is an improvement; one that is not finite never is. */
export function improves({ best }: ValidationState, loss: number): boolean {
  return Number.isFinite(loss) && (best === null || loss < best.loss);
}

/**
 * The state after a validation.
 *
 * @param found.weights Weights that were validated; needed only if the loss {@link improves}.
 */
export function afterValidation(
  state: ValidationState,
  found: { readonly step: number; readonly loss: number; readonly weights: Float32Array | null },
  { patience, steps }: StopRule,
): ValidationState {
  const { step, loss, weights } = found;
  if (weights !== null && improves(state, loss)) {
    return { step, stale: 0, best: { step, loss, weights }, stoppedFor: null };
  }
  const stale = state.stale + 1;
  const stops = patience > 0 && stale >= patience && step < steps;
  return { step, stale, best: state.best, stoppedFor: stops ? steps : null };
}

/**
 * The state with which a resumed run continues. A run that had stopped early goes on from its last
 * weights if it is given more steps (counting anew) or more patience.
 */
export function resumedValidation(
  state: ValidationState,
  { patience, steps }: StopRule,
): ValidationState {
  if (state.stoppedFor === null) return state;
  if (state.stoppedFor !== steps) return { ...state, stale: 0, stoppedFor: null };
  return patience === 0 || state.stale < patience ? { ...state, stoppedFor: null } : state;
}

/** Whether training has stopped early. */
export function hasStopped(state: ValidationState | null): boolean {
  return state !== null && state.stoppedFor !== null;
}
