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
 * What to type for `fluxion` here. A checkout has no such command; under `deno task`, `INIT_CWD` is
 * set in the project's root.
 */
function typedName(): string {
  const started = programForm() === "checkout" &&
    Deno.cwd() === import.meta.dirname?.replace(/[\\/]cli$/, "") &&
    Deno.env.get("INIT_CWD") !== undefined;
  return started ? "deno task fluxion" : "fluxion";
}

/** Rewrites the commands in a message as they must be typed here, and paths `../x` as they were. */
export function asTyped(message: string): string {
  return pathsAsTyped(message).replace(
    /(?<!task |-q |[\w/.-])fluxion(?= (?:train|sample|log-prob|sweep|runs|compare|eval|plot|theory|report|homework|import|data|doctor|help)\b)/g,
    () => typedName(),
  );
}
