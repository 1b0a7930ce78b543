/**
 * Entry point of `fluxion COMMAND`. Parses the command line, runs the command, and turns errors into
 * one line on stderr and an exit code.
 *
 * All code that computes is imported when a command runs, so that `--help` and `version` start as
 * fast as an empty program.
 */
import { runProgram } from "./program.ts";

Deno.exitCode = await runProgram(Deno.args);
