import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensors.ts";

/** An operation that tfjs has noted. */
interface TapeNode {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  /** Missing where the operation has none: tfjs says so by its name. */
  gradient?(dys: readonly Tensor[]): unknown;
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
    if (state.gradientDepth === 1) {
      state.activeTape = inOrder(state.activeTape!);
      releaseInTurn(state.activeTape);
    }
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

/**
 * The tape with every operation after those that made its inputs. tfjs notes the copies of an operation's
 * outputs that it saves before the operation itself, and then loses what a second derivative has
 * through them (tanh and exp save their value). Nothing else changes its place.
 */
function inOrder(tape: readonly TapeNode[]): TapeNode[] {
  const makers = new Map<number, TapeNode>();
  for (const node of tape) for (const { id } of node.outputs) makers.set(id, node);
  const ordered = new Set<TapeNode>();
  const waiting = new Map<TapeNode, TapeNode[]>();
  const place = (node: TapeNode): void => {
    ordered.add(node);
    for (const follower of waiting.get(node) ?? []) place(follower);
  };
  for (const node of tape) {
    const late = Object.values(node.inputs).map(({ id }) => makers.get(id))
      .find((maker) => maker !== undefined && !ordered.has(maker));
    if (late === undefined) place(node);
    else waiting.set(late, [...waiting.get(late) ?? [], node]);
  }
  return [...ordered];
}

/** Operations are pulled back one after the other: when one begins, the one before it is done. */
function releaseInTurn(tape: readonly TapeNode[]): void {
  let done: readonly Tensor[] = [];
  for (const node of tape) {
    const { gradient, saved } = node;
    if (!gradient) continue;
    node.gradient = (dys) => {
      tf.dispose([...done]);
      done = saved;
      return gradient(dys);
    };
  }
}
