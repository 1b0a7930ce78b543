import { moons } from "../../../src/data/densities/moons.ts";
import { defaultsOf } from "../../../src/train/options/defaults.ts";
import { readMetrics } from "../../../src/train/run/run_metrics.ts";
import { peerEnvironment, peerPath, type PeerThreads, peerThreads } from "../peers/peer.ts";
import type { Package, Python } from "../peers/python.ts";
import { type Agreement, type Contestant, contestantName, type Turn } from "../turns.ts";
import { readFloats } from "./numbers.ts";
import { runProgram } from "./program.ts";
import { type OpenSetup, writeSetting } from "./setup.ts";

const SAMPLES = 5000;
const HIDDEN = 64;
const STEPS = 12_000;
const BATCH = 256;
/** What the peers sample with; `fluxion sample` solves to 1e-5. */
const EULER_STEPS = 100;
/** Rows of the peers' training data. */
const ROWS = 8000;
/** Largest share of strays among the samples: whoever has fewer has learnt the moons. */
const STRAY_LIMIT = 0.08;
const ROUNDS = 3;

/**
 * Flow matching on moons from the shell, cold: training with its pictures and checkpoints, then
 * 5,000 samples in a file; beside whole programs of the peers, their imports and compilation
 * included.
 */
export const wholeProgramSetup: OpenSetup = async (python, folder) => {
  const { lr, warmup, ema, clip } = defaultsOf("fm", "mlp");
  await writeSetting(folder, {
    ...{ hidden: HIDDEN, batchSize: BATCH, steps: STEPS, samples: SAMPLES, rows: ROWS },
    ...{ eulerSteps: EULER_STEPS, lr, warmup, ema, clip },
  });
  const ours = async (): Promise<number | null> => {
    const run = `${folder}/run`;
    await runProgram(
      ...["train", "fm", "--data", "moons", "--hidden", `${HIDDEN}`, "--steps", `${STEPS}`],
      ...["--batch-size", `${BATCH}`, "--backend", "cpu", "--overwrite", "--run", run],
    );
    const out = `${folder}/samples.npy`;
    await runProgram("sample", run, "--n", `${SAMPLES}`, "--out", out, "--overwrite");
    return (await readMetrics(run))?.peakMemoryBytes ?? null;
  };
  const programs: Program[] = [
    { family: "PyTorch", script: "cold_torch.py", ways: ["fused", "compiled"], needs: ["torch"] },
    { family: "JAX", script: "cold_jax.py", ways: ["scan"], needs: ["jax", "optax"] },
  ];
  return {
    works: {
      "moons": [
        {
          ...{ family: "Fluxion", name: contestantName("Fluxion", 2) },
          ...checkedByRunning(() => timedProgram(ours), async () => {
            const bytes = await Deno.readFile(`${folder}/samples.npy`);
            return new Float32Array(bytes.slice(-8 * SAMPLES).buffer);
          }),
        },
        ...programs.flatMap((program) => coldContestants(python, folder, program)),
      ],
    },
    coldRounds: ROUNDS,
    close: () => Promise.resolve(),
  };
};

/** A peer's program and its ways. */
interface Program {
  readonly family: string;
  readonly script: string;
  readonly ways: readonly string[];
  readonly needs: readonly Package[];
}

function coldContestants(
  python: Python | null,
  folder: string,
  { family, script, ways, needs }: Program,
): Contestant[] {
  const all: readonly Package[] = [...needs, "sklearn"];
  if (python === null || all.some((name) => python.packages[name] === null)) return [];
  const run = (way: string, at: PeerThreads) => async () => {
    const cache = await Deno.makeTempDir({ dir: folder });
    const { success, stdout } = await new Deno.Command(python.program, {
      args: [peerPath(script), folder, way],
      env: peerEnvironment(at, cache),
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`${script} ${way}: failed`);
    return JSON.parse(new TextDecoder().decode(stdout)).peakBytes as number | null;
  };
  return ways.flatMap((way) =>
    [peerThreads.one, peerThreads.two].map((at) => ({
      ...{ family, name: contestantName(`${family} ${way}`, at.threads) },
      ...checkedByRunning(
        () => timedProgram(run(way, at)),
        () => readFloats(`${folder}/answer.f32`),
      ),
    }))
  );
}

/** The turn that the check took is the first that counts. */
function checkedByRunning(
  take: () => Promise<Turn>,
  samples: () => Promise<Float32Array>,
): Pick<Contestant, "turn" | "check"> {
  let taken: Turn | null = null;
  return {
    check: async () => {
      taken = await take();
      return strays(await samples());
    },
    turn: async () => {
      const turn = taken ?? await take();
      taken = null;
      return turn;
    },
  };
}

/** Share of samples far from the moons; all of them if there are not as many as there should be. */
function strays(samples: Float32Array): Agreement {
  const { near, distance } = moons.curve!;
  const far = distance(samples).filter((value) => !(value <= near)).length;
  const isWhole = samples.length === 2 * SAMPLES;
  const what = `strays among ${SAMPLES} samples`;
  return { what, difference: isWhole ? far / SAMPLES : 1, limit: STRAY_LIMIT };
}

/** Times a program that tells its peak memory. */
async function timedProgram(run: () => Promise<number | null>): Promise<Turn> {
  const begin = performance.now();
  const peakBytes = await run();
  return { ms: performance.now() - begin, cpuMs: null, nfe: null, peakBytes };
}
