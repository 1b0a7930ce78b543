/** The shells that a completion script is written for. */
export const shells = ["bash", "zsh", "fish"] as const;

/** A shell's name. */
export type Shell = (typeof shells)[number];
