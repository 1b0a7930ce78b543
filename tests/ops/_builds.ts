import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";

/**
 * Registers a test for the relaxed and the plain build of the kernels, which must not leak tensors.
 *
 * @param run Called with tfjs's name of the backend, which is current.
 */
export function buildsTest(name: string, run: (backendName: string) => void): void {
  for (const build of ["fastest", "plain"] as const) {
    Deno.test(`${name} [${build}]`, async () => {
      const { tfName } = await openBackend("cpu", { portableBits: build === "plain" });
      const before = tf.memory().numTensors;
      try {
        run(tfName);
      } finally {
        await openBackend("cpu");
      }
      assert.equal(tf.memory().numTensors, before, "tensors left behind (or given back twice)");
    });
  }
}

/** Numbers in (-1, 1) with no pattern (sums of a sine would cancel); the same on each call. */
export function numbers(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const digits = 43758.5453 * Math.sin(12.9898 * i + phase);
    return 2 * (digits - Math.floor(digits)) - 1;
  });
}

/** Runs a kernel of the current backend. */
export function runKernel(name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
}

/** Largest difference, relative to the larger of 1 and the largest expected value. */
export function errorOf(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let difference = 0, largest = 1;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(distance)) return NaN;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}
