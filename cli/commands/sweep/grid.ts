import { InputError } from "@fluxion/fluxion/core";
import {
  asFlag,
  kebabCase,
  type ModelName,
  option,
  type TrainOptionName,
  type TrainOptions,
  trainOptions,
} from "@fluxion/fluxion/options";
import type { OptionValue } from "@fluxion/fluxion/runs";
import { type ListedValue, MOST_RUNS } from "../../options/list_values.ts";
import { checkTrain } from "../train/check.ts";
import { type SweepFlags, sweptNames } from "./flags.ts";

/** An option with several values. */
export interface Axis {
  readonly name: TrainOptionName;
  readonly values: readonly ListedValue[];
}

/** One run of a sweep. */
export interface Combination {
  /** Name of its folder: the values of the axes. */
  readonly name: string;
  /** All options that were given, with one value each. */
  readonly options: TrainOptions;
}

/** All runs of a sweep; the last axis varies fastest. */
export interface Grid {
  readonly axes: readonly Axis[];
  readonly runs: readonly Combination[];
}

/** Longest name of a run's folder; file systems allow 255 bytes. */
const MOST_LETTERS = 160;

/** @throws {InputError} If there are too many combinations. */
export function gridOf(flags: SweepFlags): Grid {
  const given = sweptNames.flatMap((name) => {
    const value = flags[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const axes: Axis[] = [], fixed: [TrainOptionName, OptionValue][] = [];
  for (const { name, value } of given) {
    // Columns are a list that is one value.
    const isList = Array.isArray(value) && trainOptions[name].value.kind !== "columns";
    if (!isList) fixed.push([name, value as OptionValue]);
    else if (value.length === 1) fixed.push([name, value[0]]);
    else axes.push({ name, values: value });
  }
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST_RUNS) {
    const lengths = axes.map(({ values }) => values.length).join(" x ");
    throw new InputError(
      `${lengths} values make ${count} runs; a sweep has at most ${MOST_RUNS}, so list fewer`,
    );
  }
  const words = axes.map(wordsOf);
  const names = new Map<string, number>();
  const runs = Array.from({ length: count }, (_, index) => {
    let rest = index;
    const at = axes.map(() => 0);
    for (let i = axes.length - 1; i >= 0; i--) {
      at[i] = rest % axes[i]!.values.length;
      rest = Math.floor(rest / axes[i]!.values.length);
    }
    const chosen = axes.map(({ name, values }, i) => [name, values[at[i]!]!] as const);
    const name = axes.length === 0 ? "run" : at.map((k, i) => words[i]![k]!).join("-");
    const short = name.slice(0, MOST_LETTERS);
    const earlier = names.get(short) ?? 0;
    names.set(short, earlier + 1);
    return {
      name: earlier === 0 ? short : `${short}-${earlier + 1}`,
      options: Object.fromEntries([...fixed, ...chosen]) as TrainOptions,
    };
  });
  return { axes, runs };
}

/** What each value of an axis adds to a run's name: `lr-0.01`. */
function wordsOf({ name, values }: Axis): string[] {
  const texts = values.map((value) => slug(String(value).split(/[/\\]/).at(-1)!));
  const whole = values.map((value) => slug(String(value)));
  return values.map((_, i) => {
    const isUnique = texts.filter((text) => text === texts[i]).length === 1;
    const text = isUnique ? texts[i]! : whole[i]!;
    const same = whole.slice(0, i).filter((other) => other === whole[i]).length;
    return `${kebabCase(name)}-${text}${isUnique || same === 0 ? "" : `-${same + 1}`}`;
  });
}

/** A text as part of a file's name. */
function slug(text: string): string {
  return text.replace(/(\.(csv|npy|idx|gz))+$/i, "").replace(/[^A-Za-z0-9._+-]+/g, "-") || "-";
}

/** Part I of N of a sweep's runs. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** @throws {InputError} If the text is no I/N with I from 0 to N - 1. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (
    index === undefined || count === undefined || !Number.isSafeInteger(count) || index >= count
  ) {
    throw new InputError(
      `--shard ${text}: expected I/N with I from 0 to N - 1, such as 0/4 for the first of four; ` +
        "an array of Slurm that counts from 1 needs I - 1",
    );
  }
  return { index, count };
}

/**
 * Checks a sweep as far as its options tell: each of its runs must be one that `train` accepts.
 *
 * @throws {InputError} If it is not.
 */
export function checkSweep(model: ModelName, flags: SweepFlags): void {
  const only = (["dryRun", "writeJobs", "table"] as const).filter((name) => flags[name]);
  if (only.length > 1) {
    throw new InputError(`${only.map((name) => asFlag(name)).join(" and ")}: give one of them`);
  }
  if (flags.dryRun && flags.json) throw new InputError("--dry-run and --json: give one of them");
  if (flags.shard !== undefined) parseShard(flags.shard);
  if (/[\r\n]/.test(flags.runDir)) {
    throw new InputError("--run-dir: has a line break; choose another name");
  }
  const { runs } = gridOf(flags);
  for (const { options } of runs) {
    const piped = (["data", "testData"] as const).find((name) => options[name] === "-");
    if (piped !== undefined) {
      throw new InputError(
        `${option(piped, "-")}: several runs cannot share the standard input; name a file`,
      );
    }
    checkTrain(model, { ...options, config: flags.config, run: flags.runDir });
  }
}
