import { shellQuoted } from "@fluxion/fluxion/core";
import { pathsAsTyped } from "./paths.ts";

/**
 * How this program is distributed: from a `checkout`, as the self-extracting `oneFile`, whose
 * launcher reads the environment, or `compiled` by `deno compile`.
 */
export type ProgramForm = "checkout" | "oneFile" | "compiled";

/** The form of the running program. */
export function programForm(): ProgramForm {
  if (Deno.build.standalone) return "compiled";
  return import.meta.url.endsWith("/cli/program_form.ts") ? "checkout" : "oneFile";
}

/**
 * The project's root if `deno task` started this program, else null. A checkout has no command
 * `fluxion`; under `deno task`, `INIT_CWD` is set in the root.
 */
function taskFolder(): string | null {
  const root = import.meta.dirname?.replace(/[\\/]cli$/, "");
  const started = programForm() === "checkout" && Deno.cwd() === root &&
    Deno.env.get("INIT_CWD") !== undefined;
  return started ? Deno.cwd() : null;
}

/** What to type for `fluxion` here. */
function typedName(): string {
  return taskFolder() === null ? "fluxion" : "deno task fluxion";
}

/** The words for `fluxion` in a shell line that is run from any folder. */
export function programAnywhere(): string {
  const root = taskFolder();
  return root === null ? "fluxion" : `deno task -q --cwd ${shellQuoted(root)} fluxion`;
}

/** Rewrites the commands in a message as they must be typed here, and paths `../x` as they were. */
export function asTyped(message: string): string {
  return pathsAsTyped(message).replace(
    /(?<!task |-q |[\w/.-])fluxion(?= (?:train|sample|log-prob|sweep|runs|compare|eval|plot|theory|report|homework|import|data|doctor|help)\b)/g,
    () => typedName(),
  );
}
