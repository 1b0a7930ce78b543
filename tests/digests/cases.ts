/**
 * Small runs of every model, each a list of commands. Every option that may change a result is
 * spelled out, so that a later default leaves them as they are.
 */

/** What is compared of a command's result. */
export type Result =
  /** Losses of `log.jsonl`, and the tensors of both safetensors files, of the run folder `run`. */
  | { readonly kind: "run" }
  /** The bytes of a file. */
  | { readonly kind: "file"; readonly name: string }
  /** The bytes of stdout. */
  | { readonly kind: "stdout" }
  /** These keys of the JSON on stdout. */
  | { readonly kind: "json"; readonly keys: readonly string[] };

/** A command of the program in the case's own folder, and its result. */
export interface Command {
  /** Of the result in recorded.json. */
  readonly name: string;
  readonly args: readonly string[];
  readonly result: Result;
}

/** Commands that run one after the other. */
export interface Case {
  readonly name: string;
  readonly commands: readonly Command[];
}

/** Files that every case finds in its folder; see input_files.ts. */
export const inputs = { table: "table.csv", images: "images-idx3-ubyte", points: "points.csv" };

const words = (text: string) => text.split(" ");

const training = words(
  "--run run --seed 3 --schedule cosine --warmup 1 --lr-horizon 3 --clip 5 --weight-decay 0.0001 " +
    "--ema 0.9 --eval-every 0 --sample-every 0 --max-steps 10000 --save-seconds 10",
);
const dopri5 = words("--solver dopri5 --rtol 1e-3 --atol 1e-3");
const tight = words("--solver dopri5 --rtol 1e-5 --atol 1e-5 --control-group 8");

function train(options: string): Command {
  return {
    name: "training",
    args: ["train", ...words(options), ...training],
    result: { kind: "run" },
  };
}

/** Written as .npy, in the bits of float32 or float64. */
function sample(name: string, options: string, solver: readonly string[] = tight): Command {
  const file = `${name}.npy`;
  return {
    name,
    args: ["sample", "run", "--seed", "5", "--out", file, ...words(options), ...solver],
    result: { kind: "file", name: file },
  };
}

function logProb(name: string, options: string, solver: readonly string[] = tight): Command {
  return {
    name,
    args: ["log-prob", "run", "--seed", "7", ...words(options), ...solver],
    result: { kind: "stdout" },
  };
}

/** Without Wasserstein distances, whose directions may be drawn anew. */
function evaluate(keys: string, solver: readonly string[]): Command {
  return {
    name: "evaluation",
    args: ["eval", "run", "--n", "10", "--seed", "9", "--json", ...solver],
    result: { kind: "json", keys: words(keys) },
  };
}

export const cases: readonly Case[] = [
  {
    name: "cnf on moons",
    commands: [
      train(
        "cnf --data moons --standardize none --net mlp --hidden 32 --steps 3 --batch-size 32 --lr 0.01 " +
          `${dopri5.join(" ")} --control-group 8 --trace exact --gradient direct --regularize none`,
      ),
      sample("samples", "--n 20 --from 3 --log-prob --trace exact --weights ema"),
      sample("trajectories", "--n 3 --trajectories 5 --weights raw"),
      logProb("log-prob", `--points ${inputs.points} --trace exact`),
      evaluate("nll nllStdErr nfe nllTrue nllGap mass", tight),
    ],
  },
  {
    name: "cnf with Hutchinson and adjoint on moons",
    commands: [
      train(
        "cnf --data moons --standardize none --net mlp --hidden 16 --steps 3 --batch-size 20 --lr 0.01 " +
          `${
            dopri5.join(" ")
          } --control-group batch --trace hutchinson --probes rademacher --gradient adjoint --regularize none`,
      ),
      sample("samples", "--n 9 --log-prob --trace hutchinson --probes gaussian"),
      logProb(
        "log-prob by rk4",
        `--points ${inputs.points} --trace hutchinson --probes rademacher`,
        words("--solver rk4 --solver-steps 4 --control-group 4"),
      ),
    ],
  },
  {
    name: "cnf on a standardised table",
    commands: [
      train(
        `cnf --data ${inputs.table} --standardize robust --validation 0 --net mlp --hidden 16 --steps 3 --batch-size 24 --lr 0.01 ` +
          "--solver rk4 --solver-steps 3 --control-group 8 --trace hutchinson --probes gaussian --gradient direct",
      ),
      sample("samples", "--n 9 --log-prob --trace exact"),
      logProb("log-prob", `--points ${inputs.table} --trace exact`, [
        ...words("--solver midpoint --solver-steps 5 --control-group 8"),
      ]),
    ],
  },
  {
    name: "fm on moons",
    commands: [
      train(
        "fm --data moons --standardize zscore --net mlp --hidden 64 --steps 3 --batch-size 64 --lr 0.005 " +
          `${dopri5.join(" ")} --control-group 8 --sigma-min 0.0001`,
      ),
      sample("samples", "--n 20 --log-prob --trace exact"),
      sample("trajectories", "--n 3 --trajectories 4"),
      logProb("log-prob", `--points ${inputs.points} --trace exact`),
      evaluate(
        "nll nllStdErr nfe nllTrue nllGap loss lossStdErr",
        words("--solver rk4-classic --solver-steps 8 --control-group 8"),
      ),
    ],
  },
  {
    name: "fm with a ResNet on images",
    commands: [
      train(
        `fm --data ${inputs.images} --binarize --net resnet --filters 32 --blocks 2 --steps 3 --batch-size 16 ` +
          "--lr 0.002 --solver euler --solver-steps 1 --control-group 8 --sigma-min 0.0001",
      ),
      sample(
        "samples",
        "--n 3",
        words("--solver dopri5 --rtol 1e-2 --atol 1e-2 --control-group 2"),
      ),
      sample("trajectories", "--n 2 --trajectories 3", [
        ...words("--solver rk4 --solver-steps 2 --control-group batch"),
      ]),
      evaluate("loss lossStdErr", []),
    ],
  },
  {
    name: "fm with a U-Net on images",
    commands: [
      train(
        `fm --data ${inputs.images} --no-binarize --net unet --filters 32 --steps 3 --batch-size 8 ` +
          "--lr 0.002 --solver euler --solver-steps 1 --control-group 8 --sigma-min 0.0001",
      ),
      sample("samples", "--n 3", words("--solver midpoint --solver-steps 2 --control-group 8")),
    ],
  },
];
