/** Name of the workers that train the runs of a sweep: each starts the program's main module. */
export const jobWorkerName = "fluxion-sweep";
