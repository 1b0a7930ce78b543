import { cases } from "./cases.ts";
import { type Results, runCase } from "./run_case.ts";

/** Results of all of {@link cases}, by their names. */
export async function observeCommands(): Promise<Readonly<Record<string, Results>>> {
  const observed: Record<string, Results> = {};
  const waiting = [...cases];
  // Two at a time: much of a short process is its start, on one core.
  const runWaiting = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      observed[next.name] = await runCase(next);
    }
  };
  await Promise.all([runWaiting(), runWaiting()]);
  return Object.fromEntries(cases.map(({ name }) => [name, observed[name]!]));
}
