import * as tf from "../core/tfjs/library.ts";
import { OutOfMemoryError } from "../core/errors.ts";
import type { Backend } from "./backend.ts";

/** One operation of a backend, compared with reference values. */
export interface SelfTestResult {
  /** The operation. */
  readonly name: string;
  /** Whether the results are within tolerance. */
  readonly ok: boolean;
  /** max|actual - expected| / max|expected|; NaN if any value is NaN. */
  readonly relativeError: number;
  /** The error message, if it threw. */
  readonly message: string | null;
}

interface Check {
  readonly name: string;
  readonly expected: readonly number[];
  /** Called inside `tf.tidy`. */
  readonly compute: () => tf.Tensor;
}

/** The integers are exact in float32; tanh and the embedding's sines differ by a few roundings. */
const TOLERANCE = 1e-5;

/**
 * Compares the operations of Fluxion's models and their gradients with reference values: products
 * of integers, and a convolution computed by PyTorch 1.13 in float64.
 *
 * @param backend Open and current.
 */
export async function selfTest(backend: Backend): Promise<readonly SelfTestResult[]> {
  if (tf.getBackend() !== backend.tfName) {
    throw new RangeError(`self-test of ${backend.tfName}: ${tf.getBackend()} is current`);
  }
  const results: SelfTestResult[] = [];
  for (const check of checks) results.push(await run(check, backend));
  return results;
}

async function run(
  { name, expected, compute }: Check,
  backend: Backend,
): Promise<SelfTestResult> {
  try {
    const result = tf.tidy(compute);
    const actual = await result.data();
    result.dispose();
    backend.check();
    const relativeError = actual.length === expected.length ? errorOf(actual, expected) : NaN;
    return { name, ok: relativeError <= TOLERANCE, relativeError, message: null };
  } catch (error) {
    return { name, ok: false, relativeError: NaN, message: selfTestMessage(error) };
  }
}

/** The message of what a self-test threw. Its few numbers are fixed, so memory can only be freed by others. */
export function selfTestMessage(error: unknown): string {
  const { message } = error instanceof OutOfMemoryError
    ? error.withRemedy("close other programs that use its memory")
    : error as Error;
  return message;
}

/** max|actual - expected| / max|expected|; NaN if any value is NaN. */
export function errorOf(actual: ArrayLike<number>, expected: readonly number[]): number {
  let difference = 0, largest = 0;
  expected.forEach((value, i) => {
    const distance = Math.abs(actual[i]! - value);
    // Keep NaN, which a comparison would drop.
    difference = Number.isNaN(distance) ? NaN : Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}

/** [count]: i * factor mod 11, minus `offset`; no pattern that could hide a transpose. */
function integers(count: number, factor: number, offset: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * factor) % 11 - offset);
}

// (u v^T)(w z^T) = (v.w) u z^T: the closed form of a product of any size.
const [ROWS, INNER, COLUMNS] = [96, 130, 70];
const u = integers(ROWS, 7, 5), v = integers(INNER, 5, 4);
const w = integers(INNER, 3, 2), z = integers(COLUMNS, 4, 5);
const dot = v.reduce((total, value, i) => total + value * w[i]!, 0);
const outer = (a: readonly number[], b: readonly number[]) =>
  tf.matMul(tf.tensor2d([...a], [a.length, 1]), tf.tensor2d([...b], [1, b.length])) as tf.Tensor2D;
const matmulExpected = u.flatMap((row) => z.map((column) => dot * row * column));

// relu(conv2d(x, filter) + bias), padding 1, NHWC, and the gradients of its product with dy:
// torch.nn.functional.conv2d in float64.
const image = () => tf.tensor4d(integers(32, 7, 5), [1, 4, 4, 2]);
const filter = () => tf.tensor4d(integers(54, 5, 4), [3, 3, 2, 3]);
const bias = () => tf.tensor1d([1, -2, 3]);
const dy = () => tf.tensor4d(integers(48, 3, 5), [1, 4, 4, 3]);
const convolution = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) =>
  tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"), bias));
const gradients = () =>
  tf.grads((x, filter, bias) => tf.sum(tf.mul(convolution(x, filter, bias), dy())))(
    [image(), filter(), bias()],
  );
// deno-fmt-ignore
const OUTPUT = [
  0, 13, 27, 37, 0, 15, 31, 0, 28, 0, 43, 0, 9, 11, 0, 40, 0, 0, 0, 51, 0, 47, 13, 53,
  0, 39, 0, 85, 0, 35, 0, 54, 0, 0, 33, 1, 0, 30, 0, 58, 0, 23, 13, 0, 52, 0, 34, 0,
];
// deno-fmt-ignore
const INPUT_GRADIENT = [
  6, 5, 17, -11, -11, -79, -2, -22, 15, 2, -6, -2, 13, 23, 28, -7,
  -23, 2, -62, 19, -63, 72, -5, -64, 8, 20, 3, 6, -18, -26, -18, -38,
];
// deno-fmt-ignore
const FILTER_GRADIENT = [
  21, 0, -11, -12, 3, 27, 31, -47, -23, -27, 7, -7, 4, -18, 26, 2, 1, -17,
  -3, -6, -4, 6, 18, 6, 23, -11, -44, 29, -5, -5, 11, -16, 8, 7, -22, -12,
  5, -17, -5, -22, 11, 39, -10, 36, 2, -7, 8, -2, 2, 21, 2, 6, -12, -6,
];
const BIAS_GRADIENT = [4, -7, -7];

const checks: readonly Check[] = [
  {
    name: "matMul",
    expected: matmulExpected,
    compute: () => tf.matMul(outer(u, v), outer(w, z)),
  },
  {
    name: "matMul, first factor transposed",
    expected: matmulExpected,
    compute: () => tf.matMul(outer(v, u), outer(w, z), true, false),
  },
  {
    name: "matMul, second factor transposed",
    expected: matmulExpected,
    compute: () => tf.matMul(outer(u, v), outer(z, w), false, true),
  },
  {
    name: "conv2d, bias and relu",
    expected: OUTPUT,
    compute: () => convolution(image(), filter(), bias()),
  },
  {
    name: "conv2d, gradient of the input",
    expected: INPUT_GRADIENT,
    compute: () => gradients()[0]!,
  },
  {
    name: "conv2d, gradient of the filter",
    expected: FILTER_GRADIENT,
    compute: () => gradients()[1]!,
  },
  {
    name: "conv2d, gradient of the bias",
    expected: BIAS_GRADIENT,
    compute: () => gradients()[2]!,
  },
  {
    name: "tanh",
    expected: [-1, Math.tanh(-2), -0, Math.tanh(0.5), 1],
    compute: () => tf.tanh(tf.tensor1d([-40, -2, 0, 0.5, 40])),
  },
  {
    name: "sum, mean, slice and concat",
    expected: [5, 7, 9, 6, 15, 3.5, 2, 3, 5, 6],
    compute: () => {
      const x = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
      const right = tf.reshape(tf.slice(x, [0, 1], [2, 2]), [4]) as tf.Tensor1D;
      const mean = tf.reshape(tf.mean(x), [1]) as tf.Tensor1D;
      return tf.concat1d([tf.sum(x, 0), tf.sum(x, 1), mean, right]);
    },
  },
];
