import * as tf from "@tensorflow/tfjs";
import { moons } from "../../src/data/densities/moons.ts";
import { cnfLossAndGradient } from "../../src/flows/losses/cnf_loss.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { accurateSolve } from "../../src/flows/model.ts";
import { sample } from "../../src/flows/sample.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import type { SolveReport } from "../../src/ode/engines/engine.ts";
import type { Engines } from "../../src/ode/engines/engines.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import { TrainState } from "../../src/train/optimizer/train_state.ts";
import { Adam } from "../../src/train/optimizer/optimizer.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { Peers, peerThreads } from "./peer.ts";
import { largestDifference, type OpenSetup, readFloats, writeFloats } from "./setup.ts";
import { atThreads, timed } from "./turns.ts";
import { subsequences } from "../../src/core/random/subsequences.ts";

const POINTS = 1024;
/** Tolerance in nats; both sides solve to 1e-5 with one step size for all points. */
const LOG_PROB_LIMIT = 1e-3;

/**
 * A fresh CNF on moons with dopri5 at 1e-5: training steps (solve, gradient, clip, Adam) per batch
 * size, log-likelihoods and samples of 1,024 points.
 */
export function cnfSetup(hidden: number, batchSizes: readonly number[]): OpenSetup {
  return async (python, folder) => {
    const backend = await openBackend("cpu");
    const network = mlpNetwork({ dims: 2, hidden });
    const weights = initialParameters(network, 0);
    const points = Float32Array.from(
      moons.draw({ seed: 0, from: subsequences.dataSet }, POINTS).points,
    );
    await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
    await writeFloats(`${folder}/points.f32`, points);
    const state = new TrainState(
      {
        // Both sides repeat the same step; the weights do not change.
        ...{ model: "cnf", schedule: "constant", lr: 1e-9, warmup: 0, seed: 0 },
        ...{ ema: 0, clip: 5, weightDecay: 0 },
      } as ConstructorParameters<typeof TrainState>[0],
      network,
      {
        weights,
        ema: null,
        standardization: null,
        moments: Adam.zeros(network.layout.size),
      },
    );
    let step = 0;

    const train = async (engines: Engines, batchSize: number) => {
      const batch = tf.tensor2d(points.slice(0, 2 * batchSize), [batchSize, 2]);
      const settings = {
        ...accurateSolve,
        ...{ trace: { kind: "exact" }, gradient: { kind: "direct" } } as const,
      };
      const draw = { seed: 0, step };
      const { loss, gradient, nfe } = await cnfLossAndGradient(
        ...[state.model, engines, batch, settings, draw] as const,
      );
      state.update(gradient, step++);
      loss.dataSync();
      tf.dispose([batch, loss, gradient]);
      return nfe === null ? null : await nfe();
    };
    const ours: Record<string, (engines: Engines) => Promise<number | null>> = {
      ...Object.fromEntries(
        batchSizes.map((size) => [`train ${size}`, (engines: Engines) => train(engines, size)]),
      ),
      "log-prob": async (engines) => meanNfe((await logProb(state.model, engines, points)).reports),
      sample: async (engines) =>
        meanNfe((await sample(state.model, engines, { count: POINTS })).reports),
    };

    const variants = [1, 2].map((threads) => ({
      threads,
      engines: enginesOf(backend, { threads }),
    }));
    const hasPeer = python !== null && python.torchdiffeq !== null;
    // Busy-waiting, two threads take 7 to 20 times as long as one: a step is thousands of small
    // matrix products.
    const peers = new Peers(hasPeer ? python : null, "cnf_step.py", {
      args: [folder],
      ways: [peerThreads.one, peerThreads.asleep],
    });
    const agreements = [];
    if (peers.first !== null) {
      await peers.first.run("log-prob");
      const settings = { ...accurateSolve, controlGroup: "batch" } as const;
      const result = await logProb(state.model, variants[1]!.engines, points, { settings });
      agreements.push({
        what: `log-probabilities at 1e-5, hidden ${hidden}, in nats`,
        difference: largestDifference(
          result.logProb,
          await readFloats(`${folder}/answer.f32`),
          "absolute",
        ),
        limit: LOG_PROB_LIMIT,
      });
    }
    return {
      works: Object.fromEntries(
        Object.entries(ours).map(([work, run]) => [work, [
          ...variants.map(({ threads, engines }) => ({
            name: atThreads("Fluxion", threads),
            turn: () => timed(() => run(engines)),
          })),
          ...peers.contestants("torchdiffeq", work),
          ...(work.startsWith("train")
            ? peers.contestants("odeint_adjoint", work.replace("train", "adjoint"))
            : []),
        ]]),
      ),
      agreements,
      close: async () => {
        state.dispose();
        await peers.close();
      },
    };
  };
}

function meanNfe(reports: readonly SolveReport[]): number {
  return reports.reduce((sum, { nfe }) => sum + nfe, 0) / reports.length;
}
