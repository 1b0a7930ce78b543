import project from "../deno.json" with { type: "json" };

/** This version of Fluxion. */
export const version = project.version;
