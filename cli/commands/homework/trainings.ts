/** What the homework's tasks train, in the homework's order. */
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
  /** Of its run, among the homework's runs. */
  readonly folder: string;
  /** What is said while it trains. */
  readonly title: string;
}

/** Names of the trainings; `results.json` has each model's figures under its name. */
export type TrainingName = keyof typeof trainings;

export const trainingNames = Object.keys(trainings) as readonly TrainingName[];
