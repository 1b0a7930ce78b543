/** The models trained by the homework's tasks, in order. */
export const trainings = {
  cnf: {
    model: "cnf",
    folder: "cnf-moons",
    title: "Task 2: a continuous normalizing flow on two moons",
  },
  fm: {
    model: "fm",
    folder: "fm-mnist",
    title: "Task 3: flow matching on MNIST with the homework's ResNet",
  },
  fmUnet: {
    model: "fm",
    folder: "fm-mnist-unet",
    title: "Task 3: flow matching on MNIST with a U-Net",
  },
} as const satisfies Readonly<Record<string, Training>>;

/** A model to be trained. */
interface Training {
  readonly model: "cnf" | "fm";
  /** Folder of its run within the homework's runs. */
  readonly folder: string;
  /** Title shown while it trains. */
  readonly title: string;
}

/** Names of the trainings, the keys of their results in `results.json`. */
export type TrainingName = keyof typeof trainings;

export const trainingNames = Object.keys(trainings) as readonly TrainingName[];
