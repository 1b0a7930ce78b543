import * as tf from "../core/tfjs/library.ts";
import type { Tensor } from "../core/tensors.ts";

/** An operation on tfjs's gradient tape. */
interface TapeNode {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  /**
   * VJP; null cotangents are of outputs that the value does not depend on. Missing if the operation has
   * no gradient; tfjs then throws an error with its name.
   */
  gradient?(dys: readonly (Tensor | null)[]): Readonly<Record<string, () => Tensor>>;
}

/** tfjs's gradient tape, private in its types. */
interface Tape {
  activeTape: TapeNode[] | null;
  readonly gradientDepth: number;
}

/**
 * `tf.valueAndGrads`, or with a cotangent `tf.grads`, in a third of the memory: tfjs keeps what
 * operations save for their VJPs, and all cotangents, until the whole gradient is done; here each
 * operation's are disposed after its VJP. They are also disposed if something throws, such as an allocation failure,
 * where tfjs would leak it.
 *
 * @param f Differentiable; must not dispose its arguments. Inputs that the value does not depend on
 *   have a zero gradient; if it depends on none, tfjs throws, since the likely cause is an
 *   operation outside tfjs.
 * @param inputs Point of differentiation.
 * @param cotangent Cotangent of the value; default 1 for a scalar.
 */
export function valueAndGradients<T extends Tensor>(
  f: (...inputs: Tensor[]) => T,
  inputs: readonly Tensor[],
  cotangent?: T,
): { readonly value: T; readonly gradients: Tensor[] } {
  const { state } = tf.engine() as unknown as { readonly state: Tape };
  try {
    const value = recorded(state, () => f(...inputs));
    const result = tf.engine().gradients(value, [...inputs], cotangent);
    const gradients = inputs.map((input, i) => result.grads[i] ?? tf.zerosLike(input));
    return { value: result.value as T, gradients };
  } catch (error) {
    disposeTape(state);
    throw explained(error);
  }
}

/** `f`, after which the tape is in order and disposes saved tensors as soon as possible. */
function recorded<Given extends Tensor[], T extends Tensor>(
  state: Tape,
  f: (...given: Given) => T,
): (...given: Given) => T {
  return (...given) => {
    const value = f(...given);
    // Inside another gradient, the tape is still needed for the outer VJP.
    if (state.gradientDepth === 1) {
      state.activeTape = topologicalOrder(state.activeTape!);
      disposeInTurn(state.activeTape);
    }
    return value;
  };
}

/**
 * The tape in topological order. tfjs records the copies of an operation's outputs that it saves
 * before the operation itself, and so loses second derivatives through them (tanh and exp save
 * their value). The order of other operations is unchanged.
 */
function topologicalOrder(tape: readonly TapeNode[]): TapeNode[] {
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
 * The value of `f` and its VJP with respect to tensors captured from its scope.
 *
 * @param f Differentiable; disposes only tensors it has made.
 * @param inputs Tensors or variables, at least one.
 * @param cotangent Cotangent of the value; default 1 for a scalar.
 * @returns New tensors owned by the caller; undefined for inputs that the value does not depend on.
 */
export function valueAndCotangents(
  f: () => Tensor,
  inputs: readonly Tensor[],
  cotangent?: Tensor,
): { readonly value: Tensor; readonly cotangents: readonly (Tensor | undefined)[] } {
  const { state } = tf.engine() as unknown as { readonly state: Tape };
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(
        recorded(state, f),
        [...inputs],
        cotangent,
        true,
      );
      // A gradient may be the cotangent itself, and a value may be an input.
      const cotangents = inputs.map((_, i) => grads[i] && tf.clone(grads[i]));
      return { value: tf.clone(value), cotangents };
    });
  } catch (error) {
    disposeTape(state);
    throw explained(error);
  }
}

/** Says what to do about tfjs's two errors of a function that it cannot differentiate. */
function explained(error: unknown): unknown {
  const { message } = Object(error) as { readonly message?: unknown };
  if (typeof message !== "string") return error;
  const missing = /gradient function not found for (\w+)/.exec(message);
  if (missing !== null) {
    return new RangeError(
      `Cannot compute gradient: tfjs has none of ${
        missing[1]
      }; use other operations (training a cnf ` +
        "differentiates its network twice: tanh, softplus, elu and relu can be)",
      { cause: error },
    );
  }
  if (message.startsWith("Cannot compute gradient of y=f(x) with respect to x")) {
    return new RangeError(
      "Cannot compute gradient: the value depends on none of the tensors to differentiate with respect to; " +
        "compute it by tfjs operations from the parameters that the function receives",
      { cause: error },
    );
  }
  return error;
}

/** Disposes what a failed gradient has saved. */
function disposeTape(state: Tape): void {
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose([...saved]);
  state.activeTape = null;
}

/**
 * Computes all of an operation's gradients when its VJP starts, and then disposes what it had saved and
 * the cotangents of its outputs, unless somebody else made or keeps these: before tfjs adds the gradients
 * to those of other operations, which takes memory for the sums.
 */
function disposeInTurn(tape: readonly TapeNode[]): void {
  const mark = tf.scalar(0), { id: lastOfValue } = mark;
  mark.dispose();
  const isOurs = (dy: Tensor | null): dy is Tensor =>
    dy !== null && dy.id > lastOfValue && !dy.kept;
  for (const node of tape) {
    const { gradient, saved } = node;
    if (!gradient) continue;
    // Called on a copy whose inputs are those that the gradient depends on.
    node.gradient = function (this: TapeNode, dys) {
      const found = ownGradients(gradient(dys), Object.keys(this.inputs), [...dys, ...saved]);
      tf.dispose([...saved, ...dys.filter(isOurs)]);
      return found;
    };
  }
}

/**
 * Gradients of inputs, each a tensor of its own: an operation may return a cotangent, what it saved, or
 * one tensor twice.
 */
function ownGradients(
  gradients: Readonly<Record<string, () => Tensor>>,
  inputs: readonly string[],
  given: readonly (Tensor | null)[],
): Record<string, () => Tensor> {
  const known = new Set(given);
  return Object.fromEntries(
    inputs.map((input) => {
      const found = tf.tidy(() => {
        const found = gradients[input]!();
        return known.has(found) ? tf.clone(found) : found;
      });
      known.add(found);
      return [input, () => found];
    }),
  );
}
