import type { Route } from "../help_text.ts";

/** Loaders of the commands by the headings of the help, in its order. */
const groups: Readonly<Record<string, Readonly<Record<string, () => Promise<Route>>>>> = {
  MODELS: {
    train: async () => (await import("./train/command.ts")).trainRoutes,
    sample: async () => (await import("./sample/command.ts")).sampleCommand,
    "log-prob": async () => (await import("./log_prob/command.ts")).logProbCommand,
    eval: async () => (await import("./eval/command.ts")).evalCommand,
    plot: async () => (await import("./plot/command.ts")).plotCommand,
    import: async () => (await import("./import/command.ts")).importRoutes,
  },
  RUNS: {
    runs: async () => (await import("./runs/command.ts")).runsCommand,
    compare: async () => (await import("./compare/command.ts")).compareCommand,
    sweep: async () => (await import("./sweep/command.ts")).sweepRoutes,
  },
  "THEORY AND REPORTS": {
    theory: async () => (await import("./theory/command.ts")).theoryCommand,
    report: async () => (await import("./report/command.ts")).reportCommand,
    homework: async () => (await import("./homework/command.ts")).homeworkCommand,
  },
  "DATA AND THIS MACHINE": {
    data: async () => (await import("./data/command.ts")).dataRoutes,
    doctor: async () => (await import("./doctor/command.ts")).doctorCommand,
    completions: async () => (await import("./completions/command.ts")).completionsCommand,
    version: async () => (await import("./version/command.ts")).versionCommand,
  },
};

/** Loaders of all commands. */
const loaders = Object.assign({}, ...Object.values(groups)) as Readonly<
  Record<string, () => Promise<Route>>
>;

/** The command that the arguments name, or all commands if they name none. */
export async function commandsFor(args: readonly string[]): Promise<Record<string, Route>> {
  const name = args[0] ?? "";
  const names = Object.hasOwn(loaders, name) ? [name] : Object.keys(loaders);
  const routes = await Promise.all(names.map(async (name) => [name, await loaders[name]!()]));
  return Object.fromEntries(routes);
}

/** Heading of each command in the help. */
export const commandHeadings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(groups).flatMap(([heading, commands]) =>
    Object.keys(commands).map((name) => [name, heading])
  ),
);
