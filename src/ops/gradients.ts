import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensors.ts";

/** An operation that tfjs has noted. */
interface TapeNode {
  readonly saved: readonly Tensor[];
  gradient(dys: readonly Tensor[]): unknown;
}

/** What tfjs has noted of the operations to differentiate; its types call it private. */
interface Tape {
  activeTape: TapeNode[] | null;
  readonly gradientDepth: number;
}

/**
 * `tf.valueAndGrads`, or with a cotangent of the value `tf.grads`, in about half the memory: tfjs
 * holds what every operation has saved for its pull-back until all are pulled back, here an
 * operation's is given back once it was. Where something throws, as for want of memory, tfjs would
 * never give it back.
 *
 * @param f Differentiable; disposes nothing of what it is given.
 * @param inputs Where.
 * @param cotangent Of the value; 1 when left out, for a value of one number.
 */
export function valueAndGradients<T extends Tensor>(
  f: (...inputs: Tensor[]) => T,
  inputs: readonly Tensor[],
  cotangent?: T,
): { readonly value: T; readonly gradients: Tensor[] } {
  const { state } = tf.engine() as unknown as { readonly state: Tape };
  const noted = (...given: Tensor[]): T => {
    const value = f(...given);
    // Inside of another gradient it is needed for that one's pull-back.
    if (state.gradientDepth === 1) releaseInTurn(state.activeTape!);
    return value;
  };
  try {
    const { value, grads } = tf.valueAndGrads(noted)([...inputs], cotangent);
    return { value: value as T, gradients: grads };
  } catch (error) {
    if (state.gradientDepth === 0) {
      for (const { saved } of state.activeTape ?? []) tf.dispose([...saved]);
      state.activeTape = null;
    }
    throw error;
  }
}

/** Operations are pulled back one after the other: when one begins, the one before it is done. */
function releaseInTurn(tape: readonly TapeNode[]): void {
  let done: readonly Tensor[] = [];
  for (const node of tape) {
    const { gradient, saved } = node;
    node.gradient = (dys) => {
      tf.dispose([...done]);
      done = saved;
      return gradient(dys);
    };
  }
}
