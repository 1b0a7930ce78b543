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
 * @param f Differentiable; disposes nothing of what it is given. The gradient of an input that the
 *   value does not depend on is zero; if it depends on none, tfjs throws, since operations outside of
 *   tfjs are the likely reason.
 * @param inputs Where.
 * @param cotangent Of the value; 1 when left out, for a value of one number.
 */
export function valueAndGradients<T extends Tensor>(
  f: (...inputs: Tensor[]) => T,
  inputs: readonly Tensor[],
  cotangent?: T,
): { readonly value: T; readonly gradients: Tensor[] } {
  const { state } = tf.engine() as unknown as { readonly state: Tape };
  try {
    const value = noted(state, () => f(...inputs));
    const result = tf.engine().gradients(value, [...inputs], cotangent);
    const gradients = inputs.map((input, i) => result.grads[i] ?? tf.zerosLike(input));
    return { value: result.value as T, gradients };
  } catch (error) {
    releaseTape(state);
    throw error;
  }
}

/** `f`, after which the tape is in order and gives back what it saved in turn. */
function noted<Given extends Tensor[], T extends Tensor>(
  state: Tape,
  f: (...given: Given) => T,
): (...given: Given) => T {
  return (...given) => {
    const value = f(...given);
    // Inside of another gradient it is needed for that one's pull-back.
    if (state.gradientDepth === 1) {
      state.activeTape = inOrder(state.activeTape!);
      releaseInTurn(state.activeTape);
    }
    return value;
  };
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

/**
 * The value of `f` and the cotangents of tensors that it uses from its scope: a VJP of any
 * function.
 *
 * @param f Differentiable; disposes nothing that it has not made.
 * @param inputs Tensors or variables, at least one.
 * @param cotangent Of the value; 1 when left out, for a value of one number.
 * @returns New tensors, the caller's; undefined for an input that the value does not depend on.
 */
export function valueAndCotangents(
  f: () => Tensor,
  inputs: readonly Tensor[],
  cotangent?: Tensor,
): { readonly value: Tensor; readonly cotangents: readonly (Tensor | undefined)[] } {
  const { state } = tf.engine() as unknown as { readonly state: Tape };
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(noted(state, f), [...inputs], cotangent, true);
      // A gradient may be the cotangent itself, and a value one of the inputs.
      const cotangents = inputs.map((_, i) => grads[i] && tf.clone(grads[i]));
      return { value: tf.clone(value), cotangents };
    });
  } catch (error) {
    releaseTape(state);
    throw error;
  }
}

/** Gives back what a gradient that failed has saved. */
function releaseTape(state: Tape): void {
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose([...saved]);
  state.activeTape = null;
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
