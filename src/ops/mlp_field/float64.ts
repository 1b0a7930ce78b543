import { mlpLayout, type MlpShape } from "./contract.ts";
import { embeddingRows } from "./time_embedding.ts";

/**
 * A ConditionalMLP at one point, in float64 on plain arrays: the reference for the fast
 * implementations, also used by the theory. Contract: contract.ts; notation: portable.ts.
 */

/** A layer of the network: out = in W + b, W row-major [inputs, outputs]. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Offset in the flat parameter vector. */
  readonly weight: number;
  readonly bias: number;
}

/** The network with its weights in float64. */
export interface MlpFloat64 {
  readonly shape: MlpShape;
  readonly layers: readonly Layer[];
  /** Flat, in device order. */
  readonly parameters: Float64Array;
}

/**
 * The network with the given weights.
 *
 * @param parameters Flat, in device order; not copied.
 * @throws {RangeError} If their number does not match the shape.
 */
export function mlpFloat64(shape: MlpShape, parameters: Float64Array): MlpFloat64 {
  const layout = mlpLayout(shape);
  if (parameters.length !== layout.size) {
    throw new RangeError(`mlp: expected ${layout.size} parameters, got ${parameters.length}`);
  }
  const layers = [0, 2, 4, 6].map((i): Layer => {
    const weight = layout.entries[i]!, bias = layout.entries[i + 1]!;
    const [inputs, outputs] = weight.deviceShape;
    return { inputs: inputs!, outputs: outputs!, weight: weight.offset, bias: bias.offset };
  });
  return { shape, layers, parameters };
}

/** The unit vectors of R^dims: the directions of the exact trace. */
export function unitVectors(dims: number): Float64Array[] {
  return Array.from({ length: dims }, (_, d) => {
    const unit = new Float64Array(dims);
    unit[d] = 1;
    return unit;
  });
}

/** The field at one point, with its derivatives. */
export interface MlpPoint {
  /** f, [dims]. */
  readonly velocity: Float64Array;
  /** Sum over the directions e of e.(J e). */
  readonly divergence: number;
  /** Sum over the directions e of |J e|^2. */
  readonly jacobianSquared: number;
  /**
   * VJP of (f, divergence, jacobianSquared).
   *
   * @param into Accumulator for the parameters' cotangents, flat in device order; null to skip
   *   them.
   * @returns The cotangent of x, [dims].
   */
  pullBack(
    cotangent: {
      readonly velocity: Float64Array;
      readonly divergence: number;
      /** Default 0. */
      readonly jacobianSquared?: number;
    },
    into: Float64Array | null,
  ): Float64Array;
}

/** in W, without bias. */
function forward(net: MlpFloat64, { inputs, outputs, weight }: Layer, input: Float64Array) {
  const out = new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      out[o]! += input[i]! * net.parameters[weight + i * outputs + o]!;
    }
  }
  return out;
}

/** out W^T. */
function backward(net: MlpFloat64, { inputs, outputs, weight }: Layer, output: Float64Array) {
  const out = new Float64Array(inputs);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      out[i]! += output[o]! * net.parameters[weight + i * outputs + o]!;
    }
  }
  return out;
}

/** Adds input^T output to the gradient of the layer's weight. */
function addOuter(into: Float64Array, layer: Layer, input: Float64Array, output: Float64Array) {
  for (let i = 0; i < layer.inputs; i++) {
    for (let o = 0; o < layer.outputs; o++) {
      into[layer.weight + i * layer.outputs + o]! += input[i]! * output[o]!;
    }
  }
}

/**
 * The field at x [dims] and time t, with its derivatives.
 *
 * @param directions Directions of the divergence, [dims] each: {@link unitVectors} for the exact
 *   trace, empty for no divergence.
 */
export function mlpAt(
  net: MlpFloat64,
  point: { readonly x: Float64Array; readonly t: number },
  directions: readonly Float64Array[],
): MlpPoint {
  const { layers, parameters, shape: { hidden } } = net;
  const output = layers[3]!;
  const embedding = embeddingRows([point.t], hidden, new Float64Array(hidden));
  /** Inputs of the four layers: x, h1, h2, h3. */
  const inputs: Float64Array[] = [point.x];
  /** 1 - h^2 of the first three layers. */
  const s: Float64Array[] = [];
  /** Per direction: tangents entering the four layers (e, T1, T2, T3), and v1, v2, v3. */
  const tangents = directions.map((e) => ({ T: [e], v: [] as Float64Array[] }));
  for (let l = 0; l < 3; l++) {
    const layer = layers[l]!;
    const h = forward(net, layer, inputs[l]!).map((sum, o) =>
      Math.tanh(sum + parameters[layer.bias + o]! + (l === 0 ? embedding[o]! : 0))
    );
    const slope = h.map((value) => 1 - value * value);
    inputs.push(h);
    s.push(slope);
    for (const { T, v } of tangents) {
      v.push(forward(net, layer, T[l]!));
      T.push(v[l]!.map((value, o) => slope[o]! * value));
    }
  }
  const velocity = forward(net, output, inputs[3]!).map((sum, o) =>
    sum + parameters[output.bias + o]!
  );
  const products = tangents.map(({ T }) => forward(net, output, T[3]!));
  let divergence = 0, jacobianSquared = 0;
  tangents.forEach(({ T }, k) =>
    products[k]!.forEach((value, o) => {
      divergence += value * T[0]![o]!;
      jacobianSquared += value * value;
    })
  );
  return {
    velocity,
    divergence,
    jacobianSquared,
    pullBack(cotangent, into) {
      const { jacobianSquared: ofSquares = 0 } = cotangent;
      if (into !== null) {
        addOuter(into, output, inputs[3]!, cotangent.velocity);
        cotangent.velocity.forEach((value, o) => into[output.bias + o]! += value);
      }
      let ofH = backward(net, output, cotangent.velocity);
      let ofT = tangents.map(({ T }, k) => {
        const weighted = T[0]!.map((value, o) =>
          value * cotangent.divergence + 2 * ofSquares * products[k]![o]!
        );
        if (into !== null) addOuter(into, output, T[3]!, weighted);
        return backward(net, output, weighted);
      });
      for (let l = 2; l >= 0; l--) {
        const layer = layers[l]!, h = inputs[l + 1]!, slope = s[l]!;
        // T = s v with s = 1 - h^2: the cotangent of s contributes to h.
        const total = ofH.map((value, o) => {
          let ofS = 0;
          tangents.forEach(({ v }, k) => ofS += v[l]![o]! * ofT[k]![o]!);
          return slope[o]! * (value - 2 * h[o]! * ofS);
        });
        const ofV = ofT.map((rows) => rows.map((value, o) => value * slope[o]!));
        if (into !== null) {
          addOuter(into, layer, inputs[l]!, total);
          total.forEach((value, o) => into[layer.bias + o]! += value);
          tangents.forEach(({ T }, k) => addOuter(into, layer, T[l]!, ofV[k]!));
        }
        ofH = backward(net, layer, total);
        ofT = ofV.map((rows) => backward(net, layer, rows));
      }
      return ofH;
    },
  };
}
