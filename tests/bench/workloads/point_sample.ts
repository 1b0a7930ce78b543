import { openBackend } from "../../../src/backends/open_backend.ts";
import { meanNfe } from "../../../src/ode/engines/mean_nfe.ts";
import { accurateSolve, priorTime, type SolveSettings } from "../../../src/flows/model.ts";
import { sample } from "../../../src/flows/sample.ts";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import { euler } from "../../../src/ode/tableaus/euler.ts";
import { loadRun } from "../../../src/train/run/load_run.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { contestantName, timed } from "../turns.ts";
import { writeFloats } from "./numbers.ts";
import { runProgram } from "./program.ts";
import { type OpenSetup, writeSetting } from "./setup.ts";

const SAMPLES = 100_000;
const EULER_STEPS = 100;
/** Samples whose answers are compared. */
const COMPARED = 1000;
/**
 * RMS over the samples' coordinates. Between the moons neighbours part, so that a few points of
 * another solver at the same tolerance end 0.06 away.
 */
const LIMIT = 1e-2;

/** 100,000 samples of a flow trained by flow matching on moons: dopri5 at 1e-5 and 100 Euler steps. */
export const pointSampleSetup: OpenSetup = async (python, folder) => {
  const run = `${folder}/run`;
  // In a process of its own, whose memory is not that of sampling.
  await runProgram(
    ...["train", "fm", "--data", "moons", "--hidden", "128", "--steps", "2000"],
    ...["--batch-size", "256", "--backend", "cpu", "--eval-every", "0", "--quiet", "--run", run],
  );
  const backend = await openBackend("cpu");
  const { model } = await loadRun(run);
  const variants = [1, 2].map((threads) => ({
    threads,
    engines: enginesOf(backend, { threads }),
  }));
  const works: Record<"dopri5" | "euler", SolveSettings> = {
    dopri5: accurateSolve,
    euler: { ...accurateSolve, tableau: euler, control: { kind: "fixed", steps: EULER_STEPS } },
  };
  await Deno.copyFile(`${run}/model.safetensors`, `${folder}/model.safetensors`);
  await writeSetting(folder, { samples: SAMPLES, eulerSteps: EULER_STEPS, steps: 1 });
  // The noise of our first samples.
  const answer = (work: keyof typeof works) =>
    sample(model, variants[1]!.engines, {
      count: COMPARED,
      settings: { ...works[work], controlGroup: "batch" },
      times: [priorTime("fm")],
    });
  const { states: [noise] } = await answer("euler");
  for (const name of ["points", "noise", "times"]) {
    await writeFloats(`${folder}/${name}.f32`, Float32Array.from(noise!));
  }
  const peers = {
    torch: new Peers(python, folder, {
      script: "points_torch.py",
      needs: ["torch", "torchdiffeq"],
      ways: ["fused", "compiled"],
      threads: [peerThreads.two],
    }),
    jax: new Peers(python, folder, {
      script: "points_jax.py",
      needs: ["jax", "diffrax", "optax"],
      ways: ["jit"],
      threads: [peerThreads.one, peerThreads.two],
    }),
  };
  const contestants = (work: keyof typeof works) => {
    const reference: Reference = {
      what: `samples of a trained flow, ${work}`,
      answer: async () => Float32Array.from((await answer(work)).samples),
      ...{ scale: "rms", limit: LIMIT },
    };
    return [
      ...variants.map(({ threads, engines }) => ({
        ...{ family: "Fluxion", name: contestantName("Fluxion", threads) },
        turn: () =>
          timed(async () =>
            meanNfe(
              (await sample(model, engines, { count: SAMPLES, settings: works[work] })).reports,
            )
          ),
      })),
      ...peers.torch.contestants("PyTorch", work, reference),
      ...peers.jax.contestants("JAX", work, reference),
    ];
  };
  return {
    works: { dopri5: contestants("dopri5"), euler: contestants("euler") },
    coldRounds: 1,
    close: async () => {
      model.parameters.dispose();
      await peers.torch.close();
      await peers.jax.close();
    },
  };
};
