/**
 * A CNF on points: training steps (solve, pull-back, clip and Adam), log-likelihoods and samples
 * of 1,024 points, dopri5 at 1e-5, a fresh model, in turn: Fluxion's SIMD engine at 1 and at 2
 * threads, its portable engine, and PyTorch with torchdiffeq at 1 and at 2 threads, where
 * /usr/bin/python3 has PyTorch and PYTHONPATH torchdiffeq. The peer starts from the same weights
 * and points; both sides say how often they evaluated the field.
 *
 *   PYTHONPATH=DIR deno run -A tests/bench/cnf_step.ts [rounds]
 */
import process from "node:process";
import * as tf from "@tensorflow/tfjs";
import { moons } from "../../src/data/moons.ts";
import { cnfLossAndGradient } from "../../src/flows/cnf_loss.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { sample } from "../../src/flows/sample.ts";
import { networkLayout } from "../../src/nn/layout.ts";
import { initialParameters } from "../../src/nn/init.ts";
import type { Engine, SolveReport } from "../../src/ode/engine.ts";
import { portableEngine } from "../../src/ode/portable_engine.ts";
import { simdEngine } from "../../src/ode/simd_engine.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { openBackend } from "../../src/runtime/backend.ts";
import { Learner } from "../../src/train/learner.ts";
import { Adam } from "../../src/train/optimizer.ts";
import { median, type Peer, peer } from "./peer.ts";

const rounds = Number(Deno.args[0] ?? 7);
/** Both sides take the same step again and again: the weights stay where they are. */
const LR = 1e-9;
const POINTS = 1024;

const settings = {
  tableau: dopri5,
  control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
  controlGroup: 8,
  maxSteps: 10_000,
} as const;

await openBackend("cpu");
const engines: Record<string, Engine> = {
  "Fluxion, 1 thread": simdEngine({ threads: 1 }),
  "Fluxion, 2 threads": simdEngine({ threads: 2 }),
  "Fluxion portable": portableEngine("host"),
};
const points = Float32Array.from(moons.draw({ seed: 0, firstLane: 0 }, POINTS).points);

/** What Fluxion did last, for the comparison. */
let lastNfe = 0;
let lastLogProb: Float64Array = new Float64Array(0);

async function compare(hidden: number, batchSize: number, works: readonly string[]) {
  const network = { kind: "mlp", dims: 2, hidden } as const;
  const weights = initialParameters(network, 0);
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/weights.f32`, new Uint8Array(weights.slice().buffer));
  await Deno.writeFile(`${folder}/points.f32`, new Uint8Array(points.slice().buffer));
  const learner = new Learner(
    {
      ...{ model: "cnf", schedule: "constant", lr: LR, warmup: 0, seed: 0 },
      ...{ ema: 0, clip: 5, weightDecay: 0 },
    } as ConstructorParameters<typeof Learner>[0],
    network,
    { weights, ema: null, moments: Adam.zeros(networkLayout(network).size) },
  );
  const batch = tf.tensor2d(points.slice(0, 2 * batchSize), [batchSize, 2]);
  let step = 0;

  const ours: Record<string, (engine: Engine) => Promise<void>> = {
    async train(engine) {
      const trace = { kind: "exact" } as const, gradient = { kind: "direct" } as const;
      const draw = { seed: 0, step };
      const result = await cnfLossAndGradient(
        learner.model,
        engine,
        batch,
        { ...settings, trace, gradient },
        draw,
      );
      learner.update(result.gradient, step++);
      result.loss.dataSync();
      tf.dispose([result.loss, result.gradient]);
      lastNfe = result.nfe as number;
    },
    async "log-prob"(engine) {
      const result = await logProb(learner.model, engine, points, { settings });
      lastLogProb = result.logProb;
      lastNfe = mean(result.reports);
    },
    async sample(engine) {
      lastNfe = mean((await sample(learner.model, engine, { count: POINTS, settings })).reports);
    },
  };

  const python = await peer("cnf_step.py", [folder, `${hidden}`, `${batchSize}`]);
  for (const work of works) {
    const results: Record<string, { ms: number[]; cpuMs: number[]; nfe: number }> = {};
    const record = (name: string, ms: number, cpuMs: number, nfe: number) => {
      const result = results[name] ??= { ms: [], cpuMs: [], nfe };
      result.ms.push(ms);
      result.cpuMs.push(cpuMs);
    };
    const ask = async (peer: Peer, threads: number, work: string) =>
      [
        await peer.run(`${threads} ${work}`),
        await peer.run(`${threads} cpu`),
        await peer.run(`${threads} nfe`),
      ] as const;
    for (let round = -1; round < rounds; round++) {
      for (const [name, engine] of Object.entries(engines)) {
        if (name.includes("portable") && round > 0) continue;
        const begin = performance.now(), cpu = process.cpuUsage();
        await ours[work]!(engine);
        const { user, system } = process.cpuUsage(cpu);
        if (round >= 0) record(name, performance.now() - begin, (user + system) / 1e3, lastNfe);
      }
      if (python === null) continue;
      const theirs = await ask(python, 1, work);
      if (round >= 0) record("torchdiffeq, 1 thread", ...theirs);
      if (round !== 0) continue;
      // Many times slower, so once.
      record("torchdiffeq, 2 threads", ...await ask(python, 2, work));
      if (work === "train") record("odeint_adjoint, 1 thread", ...await ask(python, 1, "adjoint"));
    }
    const rows = work === "train" ? batchSize : POINTS;
    console.log(`${work}: hidden ${hidden}, ${rows} points`);
    const base = median(results["Fluxion, 2 threads"]!.ms);
    for (const [name, { ms, cpuMs, nfe }] of Object.entries(results)) {
      const middle = median(ms);
      console.log(
        `  ${name.padEnd(26)} ${middle.toFixed(1).padStart(8)} ms  ${
          (middle / base).toFixed(2)
        } x` +
          `  least ${Math.min(...ms).toFixed(1)}  CPU time ${median(cpuMs).toFixed(1)} ms` +
          `  nfe ${nfe.toFixed(1)}`,
      );
    }
    if (work === "log-prob" && python !== null) {
      const theirs = new Float32Array((await Deno.readFile(`${folder}/log_prob.f32`)).buffer);
      const differences = lastLogProb.map((value, i) => Math.abs(value - theirs[i]!));
      const sum = differences.reduce((total, value) => total + value, 0);
      console.log(
        `  log-probabilities differ by ${
          (sum / differences.length).toExponential(1)
        } in the mean, ` +
          `${Math.max(...differences).toExponential(1)} at most`,
      );
    }
  }
  await python?.close();
  await Deno.remove(folder, { recursive: true });
  batch.dispose();
  learner.dispose();
}

function mean(reports: readonly SolveReport[]): number {
  return reports.reduce((sum, { nfe }) => sum + nfe, 0) / reports.length;
}

await compare(64, 512, ["train", "log-prob", "sample"]);
await compare(64, 64, ["train"]);
await compare(128, 512, ["train"]);
