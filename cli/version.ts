import project from "../deno.json" with { type: "json" };

/** The version of Fluxion. */
export const version = project.version;
