import type { CommandOptions } from "../options/option.ts";

/** Loaders of each command's options, by the words typed for the command. */
const loaders: Readonly<Record<string, () => Promise<CommandOptions>>> = {
  "train cnf": async () => (await import("./train/flags.ts")).trainOptionsOf("cnf"),
  "train fm": async () => (await import("./train/flags.ts")).trainOptionsOf("fm"),
  "sample": async () => (await import("./sample/flags.ts")).sampleOptions,
  "log-prob": async () => (await import("./log_prob/flags.ts")).logProbOptions,
  "sweep": async () => (await import("./sweep/flags.ts")).sweepOwnOptions,
  "sweep train cnf": async () => (await import("./sweep/flags.ts")).sweepOptionsOf("cnf"),
  "sweep train fm": async () => (await import("./sweep/flags.ts")).sweepOptionsOf("fm"),
  "runs": async () => (await import("./runs/flags.ts")).runsOptions,
  "compare": async () => (await import("./compare/flags.ts")).compareOptions,
  "eval": async () => (await import("./eval/flags.ts")).evalOptions,
  "plot": async () => (await import("./plot/flags.ts")).plotOptions,
  "theory": async () => (await import("./theory/flags.ts")).theoryOptions,
  "report": async () => (await import("./report/flags.ts")).reportOptions,
  "homework": async () => (await import("./homework/flags.ts")).homeworkOptions,
  "import cnf": async () => (await import("./import/flags.ts")).importOptions,
  "import fm": async () => (await import("./import/flags.ts")).importOptions,
  "data list": async () => (await import("./data/flags.ts")).listOptions,
  "data preview": async () => (await import("./data/flags.ts")).previewOptions,
  "data fetch": async () => (await import("./data/flags.ts")).fetchOptions,
  "data verify": async () => (await import("./data/flags.ts")).listOptions,
  "doctor": async () => (await import("./doctor/flags.ts")).doctorOptions,
  "version": async () => (await import("./version/flags.ts")).versionOptions,
};

/** The words typed for each command that has options. */
export const commandNames = Object.keys(loaders);

/** The options of the command at the start of the arguments; empty if there is none. */
export async function optionsOfCommand(args: readonly string[]): Promise<CommandOptions> {
  const words = [3, 2, 1].map((count) => args.slice(0, count).join(" "));
  const command = words.find((name) => Object.hasOwn(loaders, name));
  return command === undefined ? {} : await loaders[command]!();
}
