/** Steps of the tiny homework's trainings: so many that one can be stopped in the middle, on a busy machine too. */
export const steps = { cnf: 1500, fm: 200 } as const;
