/**
 * The program: `fluxion COMMAND`. Parses, runs, and turns whatever was thrown
 * into one line on stderr and an exit code.
 *
 * Kept small on purpose: everything that computes is imported when a command
 * runs, so that `--help` and `version` start as fast as an empty program.
 */
import { runProgram } from "./program.ts";

Deno.exitCode = await runProgram(Deno.args);
