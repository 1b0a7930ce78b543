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

/** The choices that determine which options apply; undefined if not yet decided. */
export interface Chosen {
  /** The model. */
  readonly model?: ModelName | undefined;
  /** The velocity network. */
  readonly net?: NetName | undefined;
  /** The learning-rate schedule. */
  readonly schedule?: TrainConfig["schedule"] | undefined;
  /** The ODE solver. */
  readonly solver?: string | undefined;
  /** The trace method of a CNF. */
  readonly trace?: TrainConfig["trace"] | undefined;
}

/** Whether a solver has adaptive steps. */
function isAdaptive(solver: string): boolean {
  return tableaus[solver]!.bError !== null;
}

/** The reason why an option does not apply to these choices, or null if it does or may. */
export function whyInapplicable(name: TrainOptionName, chosen: Chosen): string | null {
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
        : `schedule ${schedule} has no horizon`;
    case "solver":
      if (solver === undefined || isAdaptive(solver) === (when.steps === "adaptive")) return null;
      return when.steps === "adaptive"
        ? `solver ${solver} takes fixed steps; use ${option("solverSteps")}`
        : `solver ${solver} is adaptive; use ${option("rtol")} and ${option("atol")}`;
    case "trace":
      if (model === "fm") return "flow matching trains without a trace";
      return trace === undefined || trace === when.trace
        ? null
        : `the ${trace} trace has no probes; use ${option("trace", when.trace)}`;
    default:
      return when satisfies never;
  }
}

/** The reason why a network does not have a size, or null if it does. */
function notASizeOf(net: NetName, name: TrainOptionName): string | null {
  const { options } = namedNetworks[net];
  if ((options as readonly string[]).includes(name)) return null;
  const width = options[0];
  if (name !== "blocks") return `net ${net} has ${width} instead`;
  const others = isImageNet(net) ? `, or ${option("net", "resnet")}` : "";
  return `net ${net} has no number of blocks; use ${option(width)}${others}`;
}

/** Whether an option can apply to a model for some choice of the other options. */
export function appliesTo(name: TrainOptionName, model: ModelName): boolean {
  return netsOf(model).some((net) => whyInapplicable(name, { model, net }) === null);
}

/** Given options, and how to name them in messages. */
export interface GivenOptions {
  /** Validated individually. */
  readonly options: TrainOptions;
  /** An option with its value, spelled as the caller or the file spells it. */
  named(name: TrainOptionName): string;
}

/**
 * Refuses options that do not apply to the choices.
 *
 * @throws {InputError} With the first such option and the reason.
 */
export function requireApplicable(given: GivenOptions, chosen: Chosen): void {
  for (const name of trainOptionNames) {
    if (given.options[name] === undefined) continue;
    const reason = whyInapplicable(name, chosen);
    if (reason !== null) {
      throw new InputError(`${given.named(name)}: does not apply: ${reason}`);
    }
  }
}

/** Options that say the same in two ways. */
const alternatives: readonly (readonly [TrainOptionName, TrainOptionName])[] = [
  ["steps", "epochs"],
  ["columns", "drop"],
  ["split", "testData"],
];

/**
 * Refuses what is given in two ways: the length of training, the columns of a table, its test rows.
 *
 * @throws {InputError} If both options of such a pair are given.
 */
export function requireOneOfEach({ options, named }: GivenOptions): void {
  for (const [one, other] of alternatives) {
    if (options[one] !== undefined && options[other] !== undefined) {
      throw new InputError(`${named(one)} and ${named(other)}: give one of them`);
    }
  }
}
