/** The shells with completion scripts. */
export const shells = ["bash", "zsh", "fish"] as const;

/** The name of a supported shell. */
export type Shell = (typeof shells)[number];
