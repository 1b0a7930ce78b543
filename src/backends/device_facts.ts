import * as tf from "@tensorflow/tfjs";
import { statfs } from "node:fs/promises";

/** Versions of what Fluxion runs on. */
export interface Versions {
  /** Of Deno. */
  readonly deno: string;
  /** Of its JavaScript engine. */
  readonly v8: string;
  /** Of its compiler. */
  readonly typescript: string;
  /** Of TensorFlow.js. */
  readonly tfjs: string;
  /** Operating system and processor, such as `linux x86_64`. */
  readonly platform: string;
}

/** The versions of this process. */
export function versions(): Versions {
  const { os, arch } = Deno.build;
  return { ...Deno.version, tfjs: tf.version.tfjs, platform: `${os} ${arch}` };
}

/** Bytes in all, and bytes that may be taken. */
export interface Room {
  /** In all. */
  readonly totalBytes: number;
  /** Not in use. */
  readonly availableBytes: number;
}

/** The machine's memory. Needs the permission sys=systemMemoryInfo. */
export function memoryRoom(): Room {
  const { total, available } = Deno.systemMemoryInfo();
  return { totalBytes: total, availableBytes: available };
}

/**
 * The disk that holds `path`, which must exist. Needs the permissions
 * sys=statfs and to read `path`.
 */
export async function diskRoom(path: string): Promise<Room> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { totalBytes: blocks * bsize, availableBytes: bavail * bsize };
}

/** A measured matrix product. */
export interface MatmulSpeed {
  /** Of square factors, float32. */
  readonly size: number;
  /** Billions of additions and multiplications a second, started from here and read back. */
  readonly gflops: number;
}

const ENOUGH_MS = 60;

/**
 * Measures the current backend: products of growing square matrices, until one takes
 * long enough to be measured; the fastest counts.
 */
export async function measureMatmul(): Promise<MatmulSpeed> {
  let best: MatmulSpeed = { size: 0, gflops: 0 };
  for (let size = 128; size <= 4096; size *= 2) {
    const a = tf.fill([size, size], 0.5) as tf.Tensor2D;
    const b = tf.fill([size, size], 0.25) as tf.Tensor2D;
    await product(a, b, 1); // compiles shaders, packs weights
    let ms = 0, repeats = 1;
    for (;; repeats *= 4) {
      const started = performance.now();
      await product(a, b, repeats);
      ms = performance.now() - started;
      // A read-back takes some 12 ms on WebGPU whatever the work.
      if (ms > ENOUGH_MS || repeats >= 256) break;
    }
    tf.dispose([a, b]);
    const gflops = 2 * size ** 3 * repeats / ms / 1e6;
    if (gflops > best.gflops) best = { size, gflops };
    if (repeats === 1 && ms > ENOUGH_MS) break;
  }
  return best;
}

/** Multiplies `repeats` times and waits for the last. */
async function product(a: tf.Tensor2D, b: tf.Tensor2D, repeats: number): Promise<void> {
  for (let i = 1; i < repeats; i++) tf.matMul(a, b).dispose();
  const last = tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]));
  await last.data();
  last.dispose();
}
