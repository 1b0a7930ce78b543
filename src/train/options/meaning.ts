import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { namedNetworks, type NetName } from "../../nn/named_networks.ts";
import { tableaus } from "../../ode/tableaus.ts";
import type { Condition, ModelName, TrainOptionDeclaration } from "./declaration.ts";
import { isImageNet, netsOf } from "./defaults.ts";
import {
  type TrainConfig,
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "./table.ts";

/** What the meaning of other options depends on; what is undefined is not decided yet. */
export interface Chosen {
  /** What is trained. */
  readonly model?: ModelName | undefined;
  /** The velocity network. */
  readonly net?: NetName | undefined;
  /** Of the learning rate. */
  readonly schedule?: TrainConfig["schedule"] | undefined;
  /** Of the ODE. */
  readonly solver?: string | undefined;
  /** Of a CNF. */
  readonly trace?: TrainConfig["trace"] | undefined;
}

/** Whether a solver chooses its own steps. */
function isAdaptive(solver: string): boolean {
  return tableaus[solver]!.bError !== null;
}

/** Why an option means nothing beside these choices, or null if it does, or may. */
export function meaningless(name: TrainOptionName, chosen: Chosen): string | null {
  const { when }: TrainOptionDeclaration = trainOptions[name];
  return when === undefined ? null : unmet(when, name, chosen);
}

function unmet(when: Condition, name: TrainOptionName, chosen: Chosen): string | null {
  const { model, net, schedule, solver, trace } = chosen;
  switch (when.kind) {
    case "model":
      return model === undefined || model === when.model ? null : when.reason;
    case "rows":
      return net === undefined || namedNetworks[net].rows === when.rows ? null : when.reason;
    case "networkSize":
      return net === undefined ? null : notASizeOf(net, name);
    case "schedule":
      return schedule === undefined || schedule === when.schedule
        ? null
        : `schedule ${schedule} has no end`;
    case "solver":
      if (solver === undefined || isAdaptive(solver) === (when.steps === "adaptive")) return null;
      return when.steps === "adaptive"
        ? `solver ${solver} takes fixed steps: give ${option("solverSteps")}`
        : `solver ${solver} chooses its steps: give ${option("rtol")} and ${option("atol")}`;
    case "trace":
      if (model === "fm") return "flow matching trains without a trace";
      return trace === undefined || trace === when.trace
        ? null
        : `the ${trace} trace has no probes: give ${option("trace", when.trace)}`;
    default:
      return when satisfies never;
  }
}

/** Why a network does not have a size, or null if it does. */
function notASizeOf(net: NetName, name: TrainOptionName): string | null {
  const { options } = namedNetworks[net];
  if ((options as readonly string[]).includes(name)) return null;
  const width = options[0];
  if (name !== "blocks") return `net ${net} has ${width} instead`;
  const others = isImageNet(net) ? `, or ${option("net", "resnet")}` : "";
  return `net ${net} has no number of blocks: give ${option(width)}${others}`;
}

/** Whether an option can mean something for a model, whatever else is chosen. */
export function concerns(name: TrainOptionName, model: ModelName): boolean {
  return netsOf(model).some((net) => meaningless(name, { model, net }) === null);
}

/** Options that somebody gave, and how to name each in a message. */
export interface GivenOptions {
  /** Each valid by itself. */
  readonly options: TrainOptions;
  /** An option with its value, as the one who gave it spells it. */
  named(name: TrainOptionName): string;
}

/**
 * Refuses options that mean nothing beside what was chosen.
 *
 * @throws {InputError} The first of them, and why.
 */
export function requireMeaning(given: GivenOptions, chosen: Chosen): void {
  for (const name of trainOptionNames) {
    if (given.options[name] === undefined) continue;
    const reason = meaningless(name, chosen);
    if (reason !== null) {
      throw new InputError(`${given.named(name)}: means nothing here, ${reason}`);
    }
  }
}

/**
 * Refuses a length of training that is given twice.
 *
 * @throws {InputError} If both `steps` and `epochs` are there.
 */
export function requireOneLength({ options, named }: GivenOptions): void {
  if (options.steps !== undefined && options.epochs !== undefined) {
    throw new InputError(`${named("steps")} and ${named("epochs")}: give one of them`);
  }
}
