/**
 * Program that does a very small homework:
 * `deno run tests/cli/_tiny_homework.ts [--overwrite] [--json] DIR [SEED]`. Its theorems write to
 * stderr when they are checked.
 */
import { doHomework } from "../../cli/commands/homework/run.ts";
import { verdict } from "../../cli/terminal/errors.ts";
import type { HomeworkSize } from "../../cli/commands/homework/sizes.ts";
import { type Panel, panelsPlot } from "../../src/plot/panels_plot.ts";
import { steps } from "./_tiny_homework_steps.ts";
import {
  claim,
  type Theorem,
  type TheoremCheck,
  type TheoremName,
} from "../../src/theory/theorem.ts";

const size: HomeworkSize = {
  cnf: {
    options: {
      ...{ data: "moons", hidden: 4, batchSize: 8, steps: steps.cnf },
      ...{ evalEvery: 0, sampleEvery: 0 },
    },
    testRows: 16,
    seconds: 1,
    lastStep: 1,
  },
  fm: {
    options: {
      ...{ data: "mnist", net: "resnet", filters: 2, blocks: 1, batchSize: 4, steps: steps.fm },
      ...{ solver: "euler", solverSteps: 2, saveSeconds: 0 },
    },
    testRows: 16,
    seconds: 1,
    lastStep: 1,
  },
  fmUnet: {
    options: {
      ...{ data: "mnist", net: "unet", filters: 4, batchSize: 4, steps: 6 },
      ...{ solver: "euler", solverSteps: 2 },
    },
    testRows: 16,
    seconds: 1,
    lastStep: 1,
  },
  theoremSeconds: { kfp: 1, ddpm: 1, "fm-variance": 1 },
  selfTestSeconds: 1,
  gradients: { draws: 2, repeats: 1, seconds: 1 },
  evaluationSeconds: 1,
  reportSeconds: 1,
};

function panel({ rows }: TheoremCheck): Panel {
  return {
    x: { label: "x", range: [0, 1] },
    y: { label: "y", range: [0, 1] },
    series: [{ color: 0, mark: "dots", x: [0.5], y: [Number(rows[0]!.third)] }],
  };
}

function loadTheorem(name: TheoremName): Promise<Theorem> {
  return Promise.resolve({
    name,
    title: `The theorem ${name}`,
    brief: "",
    derivation: "It follows that $1 + 1 = 2$.",
    alt: "A point.",
    check({ seed }) {
      console.error(`checked ${name}`);
      const claims = [claim("one is one", { observed: 1, expected: 1, tolerance: 0 })];
      return Promise.resolve({ name, pass: true, claims, rows: [{ seed, third: 1 / 3 }] });
    },
    panels: (check) => Promise.resolve([panel(check)]),
    picture: (check) => panelsPlot([panel(check)]),
  });
}

const [out, seed = "0"] = Deno.args.filter((arg) => !arg.startsWith("--"));
try {
  await doHomework({
    out: out!,
    seed: Number(seed),
    backend: "cpu",
    overwrite: Deno.args.includes("--overwrite"),
    json: Deno.args.includes("--json"),
  }, { name: "tiny", size, loadTheorem });
} catch (error) {
  const { message, exitCode } = verdict(error);
  console.error(exitCode > 128 || exitCode === 2 ? message : error);
  Deno.exitCode = exitCode;
}
