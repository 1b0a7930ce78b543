import { CUT_SHORT } from "../../../ode/engines/gpu/pull_back/reduction_wgsl.ts";

/**
 * What may be wrong with a training step on the device, as bits. From the first step that has one the
 * weights no longer change, until the host has looked.
 */
export const verdictBits = {
  /** A replay was cut short; the reduction adds it, after the step's figures were written. */
  cutShort: CUT_SHORT,
  /** The solve from data to source needs more dispatches than were recorded. */
  unfinished: 2,
  /** So does the one that leads to where the penalty looks at the error. */
  unfinishedPrefix: 4,
  /** The solve of a group failed; of the penalty's. */
  failed: 8,
  failedPrefix: 64,
  lossNotFinite: 16,
  penaltyNotFinite: 32,
} as const;

/** A bit of a verdict. */
export type VerdictBit = keyof typeof verdictBits;

/** Figures of a training step, all fields of four bytes. The shaders' struct and the host's reading are made from this record. */
const figureFields = {
  /** Steps of the run done with it; 0 where none was taken. Another's are there if a submit was lost. */
  step: "u32",
  loss: "f32",
  predictedSteps: "f32",
  /** Field evaluations, summed over control groups. */
  nfe: "u32",
  /** Most step attempts of a group; in the solve, and in the penalty's. */
  attempts: "u32",
  prefixAttempts: "u32",
  /** {@link verdictBits} of this step and those before. */
  verdict: "u32",
} as const satisfies Record<string, "f32" | "u32">;

type FigureField = keyof typeof figureFields;

/** Figures of one step. */
export type Figures = Readonly<Record<FigureField, number>>;

const names = Object.keys(figureFields) as FigureField[];

/**
 * Steps whose figures have room on the device; step s takes place s modulo this. A read has the figures of the
 * last so many steps recorded before it, so it may be asked for no more.
 */
export const FIGURE_PLACES = 256;

/** Steps per batch at most: two batches' figures have room. */
export const MOST_STEPS = 100;

/** Bytes of the buffer of all figures, which begins with the verdict so far. */
export const FIGURES_BYTES = 4 * (1 + names.length * FIGURE_PLACES);

/** WGSL of the struct `Late`, and of the verdict's bits. */
export const FIGURES_WGSL = `
struct Figures { ${names.map((name) => `${name}: ${figureFields[name]}`).join(", ")} }
struct Late { verdict: u32, figures: array<Figures, ${FIGURE_PLACES}> }
${
  Object.entries(verdictBits).map(([name, bit]) =>
    `const ${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()} = ${bit}u;`
  ).join(" ")
}
`;

/** The figures read from the device. */
export interface LateFigures {
  /** The verdict after the last step that was recorded before the read. */
  readonly verdict: number;
  /** Of a step. */
  at(step: number): Figures;
}

/** Reads the buffer of all figures. */
export function readFigures(bytes: ArrayBuffer): LateFigures {
  const floats = new Float32Array(bytes), words = new Uint32Array(bytes);
  return {
    verdict: words[0]!,
    at(step) {
      const first = 1 + (step % FIGURE_PLACES) * names.length;
      const entries = names.map((name, i) => [
        name,
        figureFields[name] === "f32" ? floats[first + i]! : words[first + i]!,
      ]);
      return Object.fromEntries(entries) as Figures;
    },
  };
}

/** Whether a verdict has a bit. */
export function hasBit(verdict: number, bit: VerdictBit): boolean {
  return (verdict & verdictBits[bit]) !== 0;
}
