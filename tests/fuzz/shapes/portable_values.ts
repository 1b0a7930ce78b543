import { readNpy } from "./npy.ts";
import { logProb } from "../../../src/flows/log_prob.ts";
import { enginesInOrder } from "../../../src/ode/engines/engines.ts";
import { portableEngine } from "../../../src/ode/engines/portable/portable_engine.ts";
import { tableaus } from "../../../src/ode/tableaus.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { loadRun } from "../../../src/train/run/load_run.ts";

/**
 * Log-likelihoods of a run by the portable engine, one a line: portable_values.ts RUN POINTS SOLVER
 * STEPS GROUP TRACE.
 */
const [run, points, solver, steps, group, trace] = Deno.args as [
  ...[string, string, string, string, string, "exact" | "hutchinson"],
];
await openBackend("cpu");
const { model } = await loadRun(run);
const engines = enginesInOrder(portableEngine("host"));
const result = await logProb(model, engines, readNpy(await Deno.readFile(points)), {
  settings: {
    tableau: tableaus[solver]!,
    control: { kind: "fixed", steps: Number(steps) },
    controlGroup: group === "batch" ? "batch" : Number(group),
    maxSteps: 10_000,
  },
  trace: trace === "exact" ? { kind: "exact" } : { kind: "hutchinson", distribution: "rademacher" },
});
console.log([...result.logProb].join("\n"));
