import type { Route } from "../help_text.ts";

/** Loaders of the commands, in the order of the help. */
const loaders: Readonly<Record<string, () => Promise<Route>>> = {
  train: async () => (await import("./train/command.ts")).trainRoutes,
  sample: async () => (await import("./sample/command.ts")).sampleCommand,
  "log-prob": async () => (await import("./log_prob/command.ts")).logProbCommand,
  sweep: async () => (await import("./sweep/command.ts")).sweepRoutes,
  runs: async () => (await import("./runs/command.ts")).runsCommand,
  compare: async () => (await import("./compare/command.ts")).compareCommand,
  eval: async () => (await import("./eval/command.ts")).evalCommand,
  plot: async () => (await import("./plot/command.ts")).plotCommand,
  import: async () => (await import("./import/command.ts")).importRoutes,
  theory: async () => (await import("./theory/command.ts")).theoryCommand,
  report: async () => (await import("./report/command.ts")).reportCommand,
  homework: async () => (await import("./homework/command.ts")).homeworkCommand,
  data: async () => (await import("./data/command.ts")).dataRoutes,
  doctor: async () => (await import("./doctor/command.ts")).doctorCommand,
  completions: async () => (await import("./completions/command.ts")).completionsCommand,
  version: async () => (await import("./version/command.ts")).versionCommand,
};

/** The command that the arguments name, or all commands if they name none. */
export async function commandsFor(args: readonly string[]): Promise<Record<string, Route>> {
  const name = args[0] ?? "";
  const names = Object.hasOwn(loaders, name) ? [name] : Object.keys(loaders);
  const routes = await Promise.all(names.map(async (name) => [name, await loaders[name]!()]));
  return Object.fromEntries(routes);
}

/** Headings of the commands in the help. */
export const commandHeadings: Readonly<Record<string, string>> = {
  train: "MODELS",
  sample: "MODELS",
  "log-prob": "MODELS",
  eval: "MODELS",
  plot: "MODELS",
  import: "MODELS",
  theory: "THEORY AND REPORTS",
  report: "THEORY AND REPORTS",
  homework: "THEORY AND REPORTS",
  data: "DATA AND THIS MACHINE",
  doctor: "DATA AND THIS MACHINE",
  completions: "DATA AND THIS MACHINE",
  version: "DATA AND THIS MACHINE",
};
