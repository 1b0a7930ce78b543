import * as tf from "../../core/tfjs/library.ts";
import type { MlpShape } from "./contract.ts";

/**
 * A ConditionalMLP in tfjs operations: value, tangents, and a hand-written VJP of f, div f and the
 * sum over the directions of |J e|^2.
 * Contract: contract.ts. This is the reference implementation and runs on every backend.
 *
 * It does not use `tf.grads`, so that everything independent of the cotangents can be computed for
 * many stages at once, and because tfjs's gradient of matMul uses transposeA and transposeB, which
 * on the wasm backend cost five times as much as explicit transposes.
 *
 * Notation, for row r and direction d (unit vectors, or the row's probe):
 *   s = 1 - h^2            the derivative of tanh
 *   v1 = e W0              tangents before tanh; v2 = (s1 v1) W1, v3 = (s2 v2) W2
 *   T  = s v               tangents after tanh
 *   J e = T3 W3
 */

/**
 * The weights in the form that the kernel reads. Made by {@link mlpWeights}; dispose after the
 * solve.
 */
export interface MlpWeights {
  readonly shape: MlpShape;
  /** Weights and biases of the four layers in layout order. Not owned. */
  readonly tensors: readonly tf.Tensor[];
  /** Transposed weights of the four layers. */
  readonly transposed: readonly tf.Tensor2D[];
  dispose(): void;
}

/** Directions of the tangents: all unit vectors, one probe per row [n, dims], or none. */
export type Directions = { readonly kind: "unit" } | {
  readonly kind: "probes";
  readonly probes: tf.Tensor2D;
} | null;

/** Result of {@link evaluateMlp}; owned by the caller. */
export interface MlpValue {
  /** f, [n, dims]. */
  readonly velocity: tf.Tensor2D;
  /**
   * J e, grouped by direction: [dims * n, dims] for unit vectors, [n, dims] for probes, else null.
   */
  readonly tangents: tf.Tensor2D | null;
}

/** Prepares the weights, transposing them once. */
export function mlpWeights(shape: MlpShape, tensors: readonly tf.Tensor[]): MlpWeights {
  const transposed = tf.tidy(() =>
    [0, 2, 4, 6].map((i) => tf.transpose(tensors[i] as tf.Tensor2D))
  );
  transposed.forEach((tensor) => tf.keep(tensor));
  return { shape, tensors, transposed, dispose: () => tf.dispose(transposed) };
}

/** Values and tangents at the three tanh layers. */
interface Activations {
  /** h1, h2, h3: [n, hidden]. */
  readonly h: readonly tf.Tensor2D[];
  /** s1, s2, s3: [n, hidden]. */
  readonly s: readonly tf.Tensor2D[];
  /** v1, v2, v3: [K, n, hidden]; v1 is [K, 1, hidden] for unit vectors; empty without tangents. */
  readonly v: readonly tf.Tensor3D[];
  /** T1, T2, T3: [K * n, hidden]; empty without tangents. */
  readonly T: readonly tf.Tensor2D[];
}

/** `tf.tidy` for records that may contain null, which its types do not allow. */
function tidied<T>(compute: () => T): T {
  return tf.tidy(compute as unknown as () => tf.TensorContainer) as unknown as T;
}

function weight(weights: MlpWeights, layer: number): tf.Tensor2D {
  return weights.tensors[2 * layer] as tf.Tensor2D;
}

/**
 * tanh x = 2 sigmoid(2 x) - 1, with absolute error below 2e-7: tfjs's wasm backend calls the C
 * library for each tanh (0.13 ms for 8,192 numbers) but vectorises sigmoid (0.03 ms for all of
 * this).
 */
function tanh(x: tf.Tensor2D): tf.Tensor2D {
  return tf.sub(tf.mul(tf.sigmoid(tf.mul(x, 2)), 2), 1);
}

/** x W + b. */
function affine(weights: MlpWeights, layer: number, x: tf.Tensor2D): tf.Tensor2D {
  const bias = weights.tensors[2 * layer + 1] as tf.Tensor1D;
  return tf.fused.matMul({ a: x, b: weight(weights, layer), bias }) as tf.Tensor2D;
}

function activate(
  weights: MlpWeights,
  input: { readonly x: tf.Tensor2D; readonly embedding: tf.Tensor2D },
  directions: Directions,
): Activations {
  const { dims, hidden } = weights.shape;
  const n = input.x.shape[0];
  const one = tf.scalar(1);
  const h: tf.Tensor2D[] = [], s: tf.Tensor2D[] = [], v: tf.Tensor3D[] = [], T: tf.Tensor2D[] = [];
  const count = directions?.kind === "unit" ? dims : 1;
  for (let layer = 0; layer < 3; layer++) {
    const before = layer === 0
      ? tf.add<tf.Tensor2D>(affine(weights, 0, input.x), input.embedding)
      : affine(weights, layer, h[layer - 1]!);
    const after = tanh(before);
    const slope = tf.sub<tf.Tensor2D>(one, tf.square(after));
    h.push(after);
    s.push(slope);
    if (directions === null) continue;
    const tangent = layer > 0
      ? tf.reshape(tf.matMul(T[layer - 1]!, weight(weights, layer)), [count, n, hidden])
      : directions.kind === "unit"
      ? tf.reshape(weight(weights, 0), [dims, 1, hidden])
      : tf.reshape(tf.matMul(directions.probes, weight(weights, 0)), [1, n, hidden]);
    v.push(tangent as tf.Tensor3D);
    T.push(tf.reshape(tf.mul(tangent, slope), [count * n, hidden]));
  }
  return { h, s, v, T };
}

/** f at each row, and J e for each direction. */
export function evaluateMlp(
  weights: MlpWeights,
  input: { readonly x: tf.Tensor2D; readonly embedding: tf.Tensor2D },
  directions: Directions,
): MlpValue {
  return tidied(() => {
    const { h, T } = activate(weights, input, directions);
    return {
      velocity: affine(weights, 3, h[2]!),
      tangents: directions === null ? null : tf.matMul(T[2]!, weight(weights, 3)),
    };
  });
}

/** A linearization of the kernel at n points. */
export interface MlpLinearization {
  readonly value: MlpValue;
  /** Gradient of div f with respect to x, [n, dims]; null without directions. */
  readonly divergenceGradient: tf.Tensor2D | null;
  /** Gradient of the sum of |J e|^2, [n, dims]; null unless asked for. */
  readonly squaresGradient: tf.Tensor2D | null;
  /** J^T cotangent for rows starting at `first`: [m, dims] to [m, dims]; owned by the caller. */
  pullBackVelocity(first: number, cotangent: tf.Tensor2D): tf.Tensor2D;
  /**
   * Cotangent of the parameters, flat in device order; owned by the caller.
   *
   * @param velocity Cotangent of f, [n, dims].
   * @param divergence Cotangent of div f, [n, 1]; null without directions.
   * @param squares Cotangent of the sum of |J e|^2, [n, 1]; null unless it was asked for.
   */
  parameterGradient(
    velocity: tf.Tensor2D,
    divergence: tf.Tensor2D | null,
    squares: tf.Tensor2D | null,
  ): tf.Tensor1D;
  dispose(): void;
}

/** VJP of the sum over the directions of w.(J e), for weights w, with unit cotangent per row. */
interface TangentsAdjoint {
  /** Cotangents of v1, v2, v3, [K * n, hidden]. */
  readonly B: readonly tf.Tensor2D[];
  /** Cotangents of the values before tanh, [n, hidden]. */
  readonly alpha: readonly tf.Tensor2D[];
  /** [n, dims]. */
  readonly x: tf.Tensor2D;
}

/** Sum over the first axis of [K, n, hidden]. */
function sumDirections(tensor: tf.Tensor3D): tf.Tensor2D {
  const [count, n, hidden] = tensor.shape;
  if (count === 1) return tf.reshape(tensor, [n, hidden]);
  const parts = tf.unstack(tensor, 0) as tf.Tensor2D[];
  return parts.reduce((sum, part) => tf.add(sum, part));
}

/**
 * @param left The weights w of each J e: unit vectors or probes for div f; 2 J e [K * n, dims] for
 *   the sum of |J e|^2.
 */
function adjointOfTangents(
  weights: MlpWeights,
  activations: Activations,
  { directions, left }: {
    readonly directions: Exclude<Directions, null>;
    readonly left: "unit" | tf.Tensor2D;
  },
): TangentsAdjoint {
  const { dims, hidden } = weights.shape;
  const { h, s, v } = activations;
  const n = h[0]!.shape[0];
  const count = directions.kind === "unit" ? dims : 1;
  const minusTwo = tf.scalar(-2);
  const B: tf.Tensor2D[] = new Array(3), alpha: tf.Tensor2D[] = new Array(3);
  // Cotangent of T3: row d of W3^T for a unit vector, w W3^T for other weights.
  let ofT: tf.Tensor3D = left === "unit"
    ? tf.reshape(weights.transposed[3]!, [dims, 1, hidden])
    : tf.reshape(tf.matMul(left, weights.transposed[3]!), [count, n, hidden]);
  let ofH: tf.Tensor2D | null = null;
  for (let layer = 2; layer >= 0; layer--) {
    // T = s v with s = 1 - h^2: the cotangent of h has a contribution through s.
    const ofS = sumDirections(tf.mul(v[layer]!, ofT));
    const throughS = tf.mul<tf.Tensor2D>(tf.mul(ofS, h[layer]!), minusTwo);
    alpha[layer] = tf.mul(ofH === null ? throughS : tf.add(ofH, throughS), s[layer]!);
    B[layer] = tf.reshape(tf.mul(ofT, s[layer]!), [count * n, hidden]);
    if (layer === 0) break;
    const transposed = weights.transposed[layer]!;
    ofT = tf.reshape(tf.matMul(B[layer]!, transposed), [count, n, hidden]);
    ofH = tf.matMul(alpha[layer]!, transposed);
  }
  return { B, alpha, x: tf.matMul(alpha[0]!, weights.transposed[0]!) };
}

/** A^T B over many rows, with an explicit transpose (see the top of this file). */
function outer(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(tf.transpose(a), b);
}

/**
 * Computes everything at the points that does not depend on the cotangents, for all n rows at once.
 *
 * @param options.squares Whether the sum of |J e|^2 is pulled back too.
 */
export function linearizeMlp(
  weights: MlpWeights,
  input: { readonly x: tf.Tensor2D; readonly embedding: tf.Tensor2D },
  directions: Directions,
  options: { readonly squares?: boolean } = {},
): MlpLinearization {
  const { dims, hidden } = weights.shape;
  const { x } = input;
  const n = x.shape[0];
  const count = directions?.kind === "unit" ? dims : 1;
  const held = tidied(() => {
    const activations = activate(weights, input, directions);
    const tangents = directions === null
      ? null
      : tf.matMul<tf.Tensor2D>(activations.T[2]!, weight(weights, 3));
    const adjointFor = (left: "unit" | tf.Tensor2D) =>
      adjointOfTangents(weights, activations, { directions: directions!, left });
    const twice = options.squares && tangents !== null ? tf.mul<tf.Tensor2D>(tangents, 2) : null;
    return {
      ...activations,
      x: tf.clone(x),
      probes: directions?.kind === "probes" ? tf.clone(directions.probes) : null,
      velocity: affine(weights, 3, activations.h[2]!),
      tangents,
      twice,
      adjoint: directions === null
        ? null
        : adjointFor(directions.kind === "unit" ? "unit" : directions.probes),
      ofSquares: twice === null ? null : adjointFor(twice),
    };
  });
  const { h, s, T, adjoint, ofSquares } = held;

  /** Cotangents of the values before tanh, for the rows with the given slopes. */
  const descend = (cotangent: tf.Tensor2D, slopes: readonly tf.Tensor2D[]) => {
    const beta: tf.Tensor2D[] = new Array(3);
    let above = cotangent;
    for (let layer = 2; layer >= 0; layer--) {
      above = tf.mul(tf.matMul(above, weights.transposed[layer + 1]!), slopes[layer]!);
      beta[layer] = above;
    }
    return beta;
  };

  return {
    value: held,
    divergenceGradient: adjoint?.x ?? null,
    squaresGradient: ofSquares?.x ?? null,
    pullBackVelocity(first, cotangent) {
      return tf.tidy(() => {
        const m = cotangent.shape[0];
        const slopes = m === n ? s : s.map((slope) => tf.slice(slope, [first, 0], [m, hidden]));
        return tf.matMul(descend(cotangent, slopes)[0]!, weights.transposed[0]!);
      });
    },
    parameterGradient(velocity, divergence, squares) {
      return tf.tidy(() => {
        const beta = descend(velocity, s);
        const gradients: tf.Tensor[] = [];
        const push = (matrix: tf.Tensor2D, rows: tf.Tensor2D) =>
          gradients.push(tf.reshape(matrix, [-1]), tf.sum(rows, 0));
        if (adjoint === null || divergence === null) {
          [held.x, h[0]!, h[1]!].forEach((below, layer) =>
            push(outer(below, beta[layer]!), beta[layer]!)
          );
          push(outer(h[2]!, velocity), velocity);
          return tf.concat1d(gradients as tf.Tensor1D[]);
        }
        const plus = (sum: tf.Tensor2D, rows: tf.Tensor2D, scale: tf.Tensor2D): tf.Tensor2D =>
          tf.add(sum, tf.mul(rows, scale));
        const perDirection = (rows: tf.Tensor2D) => count === 1 ? rows : tf.tile(rows, [count, 1]);
        let total = beta.map((ofVelocity, layer) =>
          plus(ofVelocity, adjoint.alpha[layer]!, divergence)
        );
        const each = perDirection(divergence);
        let weighted = adjoint.B.map((rows) => tf.mul<tf.Tensor2D>(rows, each));
        if (ofSquares !== null && squares !== null) {
          const eachSquare = perDirection(squares);
          total = total.map((sum, layer) => plus(sum, ofSquares.alpha[layer]!, squares));
          weighted = weighted.map((sum, layer) => plus(sum, ofSquares.B[layer]!, eachSquare));
        }
        // v1 is e W0: summed over rows for unit vectors, multiplied with the probes otherwise.
        const throughV1 = held.probes === null
          ? tf.sum(tf.reshape(weighted[0]!, [count, n, hidden]), 1)
          : outer(held.probes, weighted[0]!);
        push(tf.add(outer(held.x, total[0]!), throughV1), total[0]!);
        for (const layer of [1, 2]) {
          // A single product over the rows of the values and of all tangents.
          const below = tf.concat([h[layer - 1]!, T[layer - 1]!], 0);
          push(outer(below, tf.concat([total[layer]!, weighted[layer]!], 0)), total[layer]!);
        }
        // Row d of W3^T multiplies T3 of direction d.
        const ofTangents = held.probes === null
          ? tf.matMul(
            tf.reshape(tf.transpose(tf.reshape(T[2]!, [dims, n, hidden]), [0, 2, 1]), [
              dims * hidden,
              n,
            ]),
            divergence,
          )
          : outer(T[2]!, tf.mul(held.probes, divergence));
        const asWeight = held.probes === null
          ? tf.transpose(tf.reshape(ofTangents, [dims, hidden]))
          : ofTangents;
        const ofOutput = tf.add<tf.Tensor2D>(outer(h[2]!, velocity), asWeight);
        const throughSquares = held.twice === null || squares === null
          ? ofOutput
          : tf.add<tf.Tensor2D>(
            ofOutput,
            outer(T[2]!, tf.mul(held.twice, perDirection(squares))),
          );
        push(throughSquares, velocity);
        return tf.concat1d(gradients as tf.Tensor1D[]);
      });
    },
    dispose: () => tf.dispose(held as unknown as tf.TensorContainer),
  };
}
