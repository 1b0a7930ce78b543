/**
 * Fluxion: continuous normalizing flows and flow matching, trained and sampled
 * on WebGPU or on the CPU.
 *
 * Importing this module registers nothing with tfjs, and puts it into production mode: a backend
 * is opened by {@link openDevice}, or by {@link train}.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadRun, logProb, openDevice, sample, train } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const { run } = await train(
 *   { model: "cnf", data: "moons", hidden: 8, batchSize: 32, steps: 2, backend: "cpu" },
 *   { run: `${folder}/moons` },
 * );
 * const { model } = await loadRun(run);
 * const { engines } = await openDevice("cpu");
 * const { samples } = await sample(model, engines, { count: 16, seed: 1 }); // [16, 2]
 * const { logProb: nats } = await logProb(model, engines, samples); // [16]
 * assert.ok(nats.every(Number.isFinite));
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
import "./src/core/tfjs/loaded.ts";

export * from "./src/mod.ts";
