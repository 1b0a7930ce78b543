import { InputError } from "../../core/errors.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { quotedJson } from "../../core/quoted.ts";
import { type Coupling, independentCoupling } from "../../flows/couplings/coupling.ts";
import type { FlowKind } from "../../flows/model.ts";
import { type Path, requirePath } from "../../flows/paths/path.ts";
import { drawSource, type Source } from "../../flows/sources/source.ts";
import { standardNormal } from "../../flows/sources/standard_normal.ts";
import type { TimeSampler } from "../../flows/times/time_sampler.ts";
import { uniformTimes } from "../../flows/times/uniform_times.ts";

/**
 * Flow-matching components that a program may pass, in any combination. They are code, so a run's
 * `config.json` records only their names, and they must be passed again to load or resume the run.
 */
export interface FlowValues {
  /** Flow matching only. Default: the linear path with the option `sigmaMin`. */
  readonly path?: Path | undefined;
  /** Flow matching only. Default: independent pairs. */
  readonly coupling?: Coupling | undefined;
  /** Flow matching only. Default: uniform times. */
  readonly times?: TimeSampler | undefined;
  /** Source distribution of samples and prior of likelihoods. Default: a standard normal. */
  readonly source?: Source | undefined;
}

/** The names of the values that a program passed, as recorded in `config.json`; defaults are omitted. */
export type FlowValueNames = { readonly [K in keyof FlowValues]?: string | undefined };

/** The values that belong to a model, and those that its training needs. */
export const flowValueKeys = {
  model: ["path", "source"],
  training: ["path", "coupling", "times", "source"],
} as const satisfies Readonly<Record<string, readonly (keyof FlowValues)[]>>;

const defaults: FlowValues = {
  coupling: independentCoupling,
  times: uniformTimes,
  source: standardNormal,
};

/** The names that a run records for its values. */
export function namesOf(values: FlowValues): FlowValueNames {
  const given = flowValueKeys.training.filter((key) =>
    values[key] !== undefined && values[key] !== defaults[key]
  );
  return Object.fromEntries(given.map((key) => [key, values[key]!.name]));
}

/** The function that makes each value what it is. */
const functions = { path: "at", coupling: "pair", times: "draw", source: "draw" } as const;

/**
 * Checks values as a program gives them.
 *
 * @throws {InputError} If one has no name or not the function of its kind, or the path contradicts itself.
 */
export function requireFlowValues(values: FlowValues): void {
  for (const key of flowValueKeys.training) {
    const value: unknown = values[key];
    if (value === undefined) continue;
    const { name, [functions[key]]: call } = Object(value) as Readonly<Record<string, unknown>>;
    if (typeof name !== "string" || typeof call !== "function") {
      throw new InputError(
        `${key}: must be a record with a name and a function ${functions[key]}(), got ` +
          (typeof value === "object" ? "another record" : quotedJson(value)),
      );
    }
  }
  if (values.path !== undefined) requirePath(values.path);
}

/**
 * Checks that values apply to a model.
 *
 * @throws {InputError} If a flow-matching value is passed for a CNF.
 */
export function requireApplicableValues(kind: FlowKind, names: FlowValueNames): void {
  const key = (["path", "coupling", "times"] as const).find((key) => names[key] !== undefined);
  if (kind === "cnf" && key !== undefined) {
    throw new InputError(`${key} ${names[key]}: applies to flow matching only`);
  }
}

/**
 * Checks, by drawing a row, that a source has the width of a network.
 *
 * @throws {InputError} If it has not.
 */
export function requireDraws({ source }: FlowValues, width: number): void {
  if (source === undefined) return;
  const key = keyOf(subsequences.noise, 0);
  let found: number;
  try {
    found = source.draw(key, { first: 0, count: 1, width }).length;
    // One row is right by chance where a source forgets the count.
    if (found === width) drawSource(source, key, { first: 0, count: 2, width });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(error.message, { cause: error });
  }
  if (found !== width) {
    throw new InputError(
      `source ${source.name}: drew ${found} numbers per row, the network expects ${width}`,
    );
  }
}

/**
 * Checks that the values with which a run was trained are passed again.
 *
 * @param stored The names recorded by the run.
 * @param options.keys The values to compare.
 * @param options.place The run, for messages.
 * @throws {InputError} If a value is missing or different.
 */
export function requireSameValues(
  stored: FlowValueNames,
  values: FlowValues,
  options: { readonly keys: readonly (keyof FlowValues)[]; readonly place: string },
): void {
  const given = namesOf(values);
  const key = options.keys.find((key) => given[key] !== stored[key]);
  if (key === undefined) return;
  const words = (name: string | undefined) => name === undefined ? "the default" : quotedJson(name);
  throw new InputError(
    `${options.place}: its ${key} is ${words(stored[key])}` +
      (given[key] === undefined
        ? `, a value of the program that trained it; give it again as ${key}, in a program`
        : `, the one that was given is ${words(given[key])}`),
  );
}
