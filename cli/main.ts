/**
 * Entry point of `fluxion COMMAND`. Parses the command line, runs the command, and turns errors into
 * one line on stderr and an exit code.
 *
 * All code that computes is imported when a command runs, so that `--help` and `version` start as
 * fast as an empty program.
 */
import { jobWorkerName } from "./process/job_worker_name.ts";
import { runProgram } from "./program.ts";

// `fluxion sweep` starts this module in workers.
if ((globalThis as { readonly name?: string }).name === jobWorkerName) {
  (await import("./commands/sweep/job_worker.ts")).serveJobs();
} else {
  Deno.exitCode = await runProgram(Deno.args);
}
