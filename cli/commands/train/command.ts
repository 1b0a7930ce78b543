import { buildCommand, buildRouteMap } from "@stricli/core";
import { describe } from "../../help.ts";
import {
  type JsonOption,
  jsonOption,
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
} from "../../options/output.ts";
import { text } from "../../options/parsers.ts";
import { type TrainingOptions, trainingOptions } from "../../options/training.ts";

/** Where a run lives, and whether it is new. */
interface RunOptions {
  readonly run?: string;
  readonly config?: string;
  readonly resume?: boolean;
}

/** The options of `fluxion train`. */
export interface TrainFlags
  extends TrainingOptions, RunOptions, OverwriteOption, JsonOption, MessageOptions {}

const texts = {
  cnf: {
    brief: "a continuous normalizing flow, by maximum likelihood",
    description:
      "Trains a continuous normalizing flow on points of any dimension: dz/dt = f(z, t) " +
      "carries\nthe data (t = 0) to a standard normal (t = 1); the loss is the mean negative " +
      "log-likelihood\nin nats. Prints the run folder's path.",
    examples: [
      ["fluxion train cnf", "two moons, the defaults"],
      ["fluxion train cnf --data points.csv --steps 1000", "points of a file"],
      ["fluxion train cnf --resume --run runs/cnf-moons-0001", "go on after Ctrl-C"],
      ["fluxion train cnf --trace hutchinson --gradient adjoint", "for many dimensions"],
    ],
  },
  fm: {
    brief: "a flow-matching model, by regression on velocities",
    description: "Trains a flow-matching model on points or images: the velocity that carries " +
      "noise (t = 0)\nto data (t = 1); the loss is a mean squared error. Prints the run folder's " +
      "path.",
    examples: [
      ["fluxion train fm", "MNIST, the defaults"],
      ["fluxion train fm --data moons", "two moons"],
      [
        "fluxion train fm --data fashion-mnist --epochs 5",
        "after: fluxion data fetch fashion-mnist",
      ],
      ["fluxion train fm --config my.json --lr 5e-4", "options of a file, one of them overridden"],
    ],
  },
} as const;

function trainCommand(model: "cnf" | "fm") {
  return buildCommand<TrainFlags>({
    loader: async () => {
      const { train } = await import("./run.ts");
      return (flags) => train(model, flags);
    },
    parameters: {
      flags: {
        ...trainingOptions(model),
        run: {
          kind: "parsed",
          parse: text("a folder"),
          optional: true,
          placeholder: "DIR",
          brief: "run folder (default the next free runs/MODEL-DATA-0001)",
        },
        config: {
          kind: "parsed",
          parse: text("a file"),
          optional: true,
          placeholder: "FILE",
          brief: "JSON file of these options in camelCase; options given here override it",
        },
        resume: {
          kind: "boolean",
          optional: true,
          withNegated: false,
          brief: "go on with the run of --run (default latest) from its checkpoint",
        },
        ...overwriteOption("the run of --run, if there is one"),
        ...jsonOption("metrics.json instead of the run folder's path"),
        ...messageOptions,
      },
    },
    docs: {
      brief: texts[model].brief,
      fullDescription: describe(texts[model].description, texts[model].examples),
    },
  });
}

/** `fluxion train cnf|fm`. */
export const trainRoutes = buildRouteMap({
  routes: { cnf: trainCommand("cnf"), fm: trainCommand("fm") },
  docs: { brief: "learn a model from data into a run folder" },
});
