import { buildCommand, buildRouteMap } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { checkTrain } from "./check.ts";
import { type TrainFlags, trainOptionsOf } from "./flags.ts";

const texts = {
  cnf: {
    brief: "a continuous normalizing flow, by maximum likelihood",
    description:
      "Trains a continuous normalizing flow on points of any dimension: dz/dt = f(z, t) " +
      "carries\nthe data (t = 0) to a standard normal (t = 1); the loss is the mean negative " +
      "log-likelihood\nin nats. Of a table from a file, a tenth of the training rows choose the best " +
      "weights.\nEvaluations are over the first 500 test rows. Prints the run folder's path.",
    examples: [
      ["fluxion train cnf", "two moons, the defaults"],
      ["fluxion train cnf --data points.csv --steps 1000", "points from a file"],
      ["fluxion train cnf --resume --run runs/cnf-moons-0001", "resume after Ctrl-C"],
      ["fluxion train cnf --trace hutchinson --gradient adjoint", "for many dimensions"],
    ],
  },
  fm: {
    brief: "a flow-matching model, by regression on velocities",
    description: "Trains a flow-matching model on points or images: the velocity that carries " +
      "noise (t = 0)\nto data (t = 1); the loss is a mean squared error. Of a table from a file, a " +
      "tenth of the training\nrows choose the best weights. Evaluations are over the first 1,000 " +
      "test rows. Prints the run\nfolder's path.",
    examples: [
      ["fluxion train fm", "MNIST, the defaults"],
      ["fluxion train fm --data moons", "two moons"],
      [
        "fluxion train fm --data fashion-mnist --epochs 5",
        "after: fluxion data fetch fashion-mnist",
      ],
      [
        "fluxion train fm --config my.json --lr 5e-4",
        "options from a file, one of them overridden",
      ],
    ],
  },
} as const;

function trainCommand(model: "cnf" | "fm") {
  return buildCommand<TrainFlags>({
    loader: checkFirst(
      (flags: TrainFlags) => checkTrain(model, flags),
      async () => {
        const { train } = await import("./run.ts");
        return (flags: TrainFlags) => train(model, flags);
      },
    ),
    parameters: {
      ...parametersOf(trainOptionsOf(model)),
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
  docs: { brief: "train a model and write a run folder" },
});
