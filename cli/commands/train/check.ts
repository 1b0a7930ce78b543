import { InputError } from "@fluxion/fluxion/core";
import {
  type Chosen,
  defaultNetOf,
  defaultOf,
  type ModelName,
  option,
  requireApplicable,
  requireNetOf,
  requireOneOfEach,
  type TrainOptionName,
  type TrainOptions,
} from "@fluxion/fluxion/options";
import { requireRunToOverwrite } from "../../options/shared.ts";
import type { TrainFlags } from "./flags.ts";

/**
 * Checks that the options go together, as far as they alone tell: what a config file, the run that
 * is resumed or the data decide is checked once they are read.
 *
 * @throws {InputError} If they do not.
 */
export function checkTrain(model: ModelName, flags: TrainFlags): void {
  if (flags.resume && flags.overwrite) {
    throw new InputError("--resume and --overwrite: give one of them");
  }
  if (flags.dataChanged && !flags.resume) {
    throw new InputError("--data-changed: means something with --resume alone; leave it out");
  }
  requireRunToOverwrite(flags);
  const options: TrainOptions = flags;
  const given = { options, named: (name: TrainOptionName) => option(name, options[name]) };
  requireOneOfEach(given);
  if (flags.data === undefined && flags.net !== undefined) requireNetOf(model, flags.net);
  requireApplicable(given, { model, ...decided(model, flags) });
}

/** What is chosen whatever is read later. */
function decided(model: ModelName, flags: TrainFlags): Chosen {
  if (flags.resume) return {};
  const { data, net, schedule, solver, trace } = flags;
  if (flags.config !== undefined) return { net, schedule, solver, trace };
  const usual = defaultNetOf(model);
  const orDefault = <Name extends "schedule" | "solver" | "trace">(name: Name) =>
    flags[name] ?? defaultOf(name, model, usual) as TrainFlags[Name];
  return {
    net: net ?? (data === undefined ? usual : undefined),
    schedule: orDefault("schedule"),
    solver: orDefault("solver"),
    trace: orDefault("trace"),
  };
}
