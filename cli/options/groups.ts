/** Headings of the option groups, in order; `own` are what only the command has. */
export const optionHeadings = {
  own: "OPTIONS",
  data: "DATA",
  network: "NETWORK",
  optimizer: "OPTIMIZER",
  solve: "SOLVER",
  intervals: "INTERVALS",
  random: "RANDOM NUMBERS",
  device: "DEVICE",
  run: "RUN FOLDER",
  output: "OUTPUT AND MESSAGES",
} as const;

/** A group of options in the help. */
export type OptionGroup = keyof typeof optionHeadings;
