/**
 * `deno task demo`: trains, plots and evaluates a CNF on two moons and flow matching on two moons
 * and on MNIST, where samples of a longer training stand beside those of its minute; about three
 * minutes on two cores.
 *
 * It calls the functions behind `fluxion train`, `plot` and `eval`, and overwrites its earlier runs.
 */
import { evaluateRun, type Evaluation } from "./commands/eval/run.ts";
import { plotRun } from "./commands/plot/run.ts";
import { type ComparedModel, drawComparedSamples } from "./pictures/compared_samples.ts";
import { COMPARED_FILE } from "./pictures/pictures.ts";
import { trainRun } from "./commands/train/run.ts";
import type { TrainFlags } from "./commands/train/flags.ts";
import { verdict } from "./terminal/errors.ts";
import { interruptible } from "./process/interrupt.ts";
import { duration } from "@fluxion/fluxion/core";
import { shownPath } from "./paths.ts";
import { paint, printText, sayError, sayLine } from "./terminal/terminal.ts";

/** One model of the demo. It is limited by steps, not seconds, so figures are the same on every machine. */
interface Part {
  readonly title: string;
  readonly model: "cnf" | "fm";
  readonly options: TrainFlags;
  /** Number of test rows for the evaluation. */
  readonly n: number;
  /** The printed figures, by their key in the evaluation. */
  readonly figures: readonly (readonly [key: string, words: string])[];
  /** Models whose samples are drawn beside each other. */
  readonly comparison?: { readonly title: string; readonly models: readonly ComparedModel[] };
}

/** Training steps of the demo's U-Net, about a minute; one epoch has 937. */
const UNET_STEPS = 600;

const parts: readonly Part[] = [
  {
    title: "CNF on two moons",
    model: "cnf",
    options: { data: "moons", run: "runs/demo-cnf-moons" },
    n: 1000,
    figures: [
      ["nll", "test NLL (nats)"],
      ["nllGap", "above the true density's (nats)"],
      ["mass", "integral of the density"],
      ["nfe", "evaluations per solve"],
    ],
  },
  {
    title: "Flow matching on two moons",
    model: "fm",
    options: { data: "moons", run: "runs/demo-fm-moons" },
    n: 1000,
    figures: [
      ["nll", "test NLL (nats)"],
      ["nllGap", "above the true density's (nats)"],
      ["stray", "share of 5,000 samples far from the moons"],
      ["strayData", "the same of fresh data"],
      ["slicedWasserstein2", "sliced 2-Wasserstein distance of samples to fresh data"],
      ["slicedWasserstein2Data", "the same between two draws of fresh data"],
    ],
  },
  {
    title: "Flow matching on MNIST, a U-Net",
    model: "fm",
    options: { data: "mnist", run: "runs/demo-fm-mnist", net: "unet", steps: UNET_STEPS },
    n: 1000,
    figures: [["loss", "test loss"]],
    comparison: {
      title: "Flow matching on MNIST: samples from the same noise",
      models: [
        { run: "runs/demo-fm-mnist", label: `trained here, ${UNET_STEPS} steps` },
        { run: "mnist-unet", label: "mnist-unet: 8 epochs, 7,496 steps" },
      ],
    },
  },
];

async function demo(): Promise<void> {
  const started = performance.now();
  const lines: string[] = [];
  for (const part of parts) {
    const from = performance.now();
    sayLine(paint("bold", part.title, Deno.stderr));
    const { folder } = await trainRun(part.model, { ...part.options, overwrite: true });
    const pictures = await plotRun({}, folder);
    if (part.comparison !== undefined) {
      const path = `${folder}/${COMPARED_FILE}`;
      await drawComparedSamples(part.comparison.models, { path, title: part.comparison.title });
      pictures.push(shownPath(path));
    }
    const evaluation: Evaluation = await evaluateRun({ n: part.n }, folder);
    lines.push("", `${part.title}, ${duration((performance.now() - from) / 1000)}`);
    for (const [key, words] of part.figures) {
      const value = evaluation[key];
      if (typeof value === "number") lines.push(`  ${value.toPrecision(4).padStart(8)}  ${words}`);
    }
    for (const path of [...pictures, shownPath(`${folder}/metrics.json`)]) lines.push(`  ${path}`);
  }
  for (const line of lines) printText(line);
  printText(
    `\nDone in ${duration((performance.now() - started) / 1000)}. Next: deno task fluxion --help`,
  );
}

try {
  const messages = { notice: "stopping", outcome: "interrupted; deno task demo starts over" };
  await interruptible(messages, demo);
} catch (error) {
  const { message, exitCode } = verdict(error);
  if (message !== null) sayError(message, "demo");
  Deno.exitCode = exitCode;
}
