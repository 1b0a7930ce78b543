import { cnfSampleSetup, cnfStepSetup } from "./cnf_work.ts";
import { imageStepSetup } from "./image_work.ts";
import type { OpenGpuSetup, Target } from "./setting.ts";

/** A row of the table. */
export interface GpuRow {
  readonly name: string;
  readonly work: string;
  readonly targets: readonly Target[];
  readonly open: OpenGpuSetup;
  /** Of a CNF's training step, for the arithmetic. */
  readonly shape: { readonly dims: number; readonly hidden: number; readonly rows: number } | null;
}

/** Ratios that a step must reach, and aims: adjoint, direct, diffrax. */
type Ratios = readonly (readonly [must: number, aim: number])[];

const families = ["odeint_adjoint", "torchdiffeq", "diffrax"] as const;

function targetsOf(ratios: Ratios): readonly Target[] {
  return ratios.map(([must, aim], i) => ({ peer: families[i]!, must, aim }));
}

/** The whole table, or one of the same work at sizes for a software adapter. */
export function gpuRows({ isToy }: { readonly isToy: boolean }): readonly GpuRow[] {
  const step = (batch: number, hidden: number, ratios: Ratios): GpuRow => ({
    name: `cnf-${batch}-${hidden}`,
    work: `CNF train step, batch ${batch}, width ${hidden}`,
    targets: targetsOf(ratios),
    open: cnfStepSetup({ batch, hidden, steps: isToy ? 1 : 8, compiles: !isToy }),
    shape: { dims: 2, hidden, rows: batch },
  });
  const images = isToy
    ? { filters: 4, blocks: 1, batch: 4, steps: 1 }
    : { filters: 64, blocks: 6, batch: 128, steps: 4 };
  const count = isToy ? 256 : 1_000_000;
  const steps = isToy ? [step(32, 16, [[1, 1], [1, 1], [1, 1]])] : [
    step(512, 64, [[200, 500], [60, 200], [5, 20]]),
    step(512, 128, [[60, 150], [25, 60], [3, 6]]),
    step(8192, 64, [[40, 80], [15, 30], [2, 5]]),
    step(8192, 128, [[10, 20], [4, 8], [1, 2]]),
  ];
  return [
    ...steps,
    {
      name: "samples",
      work: `${count.toLocaleString("en")} samples`,
      targets: [{ peer: "diffrax", must: 1, aim: 2 }],
      open: cnfSampleSetup({ count, hidden: isToy ? 16 : 64 }),
      shape: null,
    },
    {
      name: "images",
      work: `FM step, ${images.filters} filters, ${images.blocks} blocks, batch ${images.batch}`,
      targets: [
        { peer: "stock tfjs", must: 5, aim: 10 },
        { peer: "PyTorch", must: 0.5, aim: 1 },
      ],
      open: imageStepSetup(images),
      shape: null,
    },
  ];
}

/** The row of the field's arithmetic beside the peak. */
export function fieldRow({ isToy }: { readonly isToy: boolean }) {
  const [rows, hidden] = isToy ? [256, 16] : [65_536, 128];
  return { rows, hidden, must: 0.25, aim: 0.5 } as const;
}
