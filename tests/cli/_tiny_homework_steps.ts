/** Training steps of the tiny homework, enough to stop one midway even on a busy machine. */
export const steps = { cnf: 1500, fm: 200 } as const;
