/**
 * How this program reaches its user: from a `checkout`, as the self-extracting
 * `oneFile` whose launcher reads the environment, or `compiled` by `deno compile`.
 */
export type ProgramForm = "checkout" | "oneFile" | "compiled";

/** The form of the program that runs. */
export function programForm(): ProgramForm {
  if (Deno.build.standalone) return "compiled";
  return import.meta.url.endsWith("/cli/program_form.ts") ? "checkout" : "oneFile";
}
