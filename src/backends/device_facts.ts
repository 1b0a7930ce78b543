import * as tf from "../core/tfjs/library.ts";
import { loadTensors } from "../core/tfjs/on_demand.ts";
import { statfs } from "node:fs/promises";

/** Versions of the software below Fluxion. */
export interface Versions {
  /** Deno version. */
  readonly deno: string;
  /** Version of the JavaScript engine. */
  readonly v8: string;
  /** Version of the TypeScript compiler. */
  readonly typescript: string;
  /** TensorFlow.js version. */
  readonly tfjs: string;
  /** Operating system and processor, such as `linux x86_64`. */
  readonly platform: string;
}

/** The versions of this process; loads tfjs. */
export async function versions(): Promise<Versions> {
  await loadTensors();
  const { os, arch } = Deno.build;
  return { ...Deno.version, tfjs: tf.version.tfjs, platform: `${os} ${arch}` };
}

/** Total and available bytes. */
export interface Room {
  /** Total bytes. */
  readonly totalBytes: number;
  /** Available bytes. */
  readonly availableBytes: number;
}

/** The machine's memory. Needs the permission sys=systemMemoryInfo. */
export function memoryRoom(): Room {
  const { total, available } = Deno.systemMemoryInfo();
  return { totalBytes: total, availableBytes: available };
}

/**
 * Size of the disk that holds `path`, which must exist. Needs the permissions sys=statfs and read
 * access to `path`.
 */
export async function diskRoom(path: string): Promise<Room> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { totalBytes: blocks * bsize, availableBytes: bavail * bsize };
}

/** Speed of a matrix product. */
export interface MatmulSpeed {
  /** Size of the square float32 factors. */
  readonly size: number;
  /** Billions of additions and multiplications per second, including dispatch and read-back. */
  readonly gflops: number;
}

const ENOUGH_MS = 60;

/**
 * Measures the current backend with products of increasingly large square matrices, until one
 * takes long enough to time; returns the fastest.
 */
export async function measureMatmul(): Promise<MatmulSpeed> {
  let best: MatmulSpeed = { size: 0, gflops: 0 };
  for (let size = 128; size <= 4096; size *= 2) {
    const a = tf.fill([size, size], 0.5) as tf.Tensor2D;
    const b = tf.fill([size, size], 0.25) as tf.Tensor2D;
    await product(a, b, 1); // warm-up: compiles shaders, packs weights
    let ms = 0, repeats = 1;
    for (;; repeats *= 4) {
      const started = performance.now();
      await product(a, b, repeats);
      ms = performance.now() - started;
      // A read-back takes about 12 ms on WebGPU regardless of size.
      if (ms > ENOUGH_MS || repeats >= 256) break;
    }
    tf.dispose([a, b]);
    const gflops = 2 * size ** 3 * repeats / ms / 1e6;
    if (gflops > best.gflops) best = { size, gflops };
    if (repeats === 1 && ms > ENOUGH_MS) break;
  }
  return best;
}

/** Multiplies `repeats` times and waits for the last result. */
async function product(a: tf.Tensor2D, b: tf.Tensor2D, repeats: number): Promise<void> {
  for (let i = 1; i < repeats; i++) tf.matMul(a, b).dispose();
  const last = tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]));
  await last.data();
  last.dispose();
}
