/**
 * The state of a control group between dispatches of its solve, all fields of four bytes. The shader's
 * struct and the host's reading are made from this record.
 */
export const controlFields = {
  /** Time, and the size of the next step, with the sign of the direction. */
  t: "f32",
  h: "f32",
  /** End of the step that is tried. */
  end: "f32",
  /** Size of the trial step that chooses the first step, with the sign of the direction. */
  trial: "f32",
  /** Scaled norm of the first slope; negative if it is not finite. */
  slopeNorm: "f32",
  /** Scaled errors of the last two accepted steps. */
  error2: "f32",
  error3: "f32",
  /** One of {@link groupStatus}. */
  status: "u32",
  /** One of {@link evaluationMode}. */
  mode: "u32",
  /** Stage that is evaluated next; it is 0 or 1 at the begin of a step. */
  stage: "u32",
  /** 1 at the begin of a step. */
  begins: "u32",
  /** 1 if the slope of stage 0 is known. */
  hasSlope: "u32",
  /** 1 if the last attempt had no finite error. */
  sawNonFinite: "u32",
  /** 1 if the attempt that has just ended is accepted. */
  accepts: "u32",
  /** Attempts of this dispatch. */
  tried: "u32",
  /** Accepted steps of this dispatch. */
  recorded: "u32",
  /** Field evaluations, accepted and rejected steps of the solve. */
  nfe: "u32",
  accepted: "u32",
  rejected: "u32",
  /** Index of the first requested time that is not reached. */
  nextTime: "u32",
} as const satisfies Record<string, "f32" | "u32">;

/** A field of a control group's state. */
export type ControlField = keyof typeof controlFields;

const names = Object.keys(controlFields) as ControlField[];

/** Bytes of a control group's state. */
export const CONTROL_BYTES = 4 * names.length;

/** The WGSL struct `Control`. */
export const CONTROL_WGSL = `struct Control { ${
  names.map((name) => `${name}: ${controlFields[name]}`).join(", ")
} }`;

/** State of a group's solve; from `stepSizeUnderflow` on it has failed. */
export const groupStatus = {
  running: 0,
  /** It has taken the attempts of this dispatch. */
  paused: 1,
  finished: 2,
  stepSizeUnderflow: 3,
  nonFinite: 4,
  maxStepsReached: 5,
  /** The implementation ended loops before their condition did. */
  cutShort: 6,
} as const;

/** What an evaluation of the field is for. */
export const evaluationMode = { firstSlope: 0, trialSlope: 1, stage: 2 } as const;

/** Reads the states of all groups. */
export function readControls(bytes: ArrayBuffer): readonly Record<ControlField, number>[] {
  const floats = new Float32Array(bytes), words = new Uint32Array(bytes);
  return Array.from({ length: bytes.byteLength / CONTROL_BYTES }, (_, group) => {
    const at = group * names.length;
    const entries = names.map((name, i) => [
      name,
      controlFields[name] === "f32" ? floats[at + i]! : words[at + i]!,
    ]);
    return Object.fromEntries(entries) as Record<ControlField, number>;
  });
}
