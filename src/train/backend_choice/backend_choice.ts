import type { BackendKind } from "../../backends/backend.ts";

/** What `auto` measured when a run began, as recorded in its `config.json`. */
export interface BackendChoice {
  /** The faster backend, which the run keeps when it is resumed. */
  readonly backend: BackendKind;
  /** The GPU, by its driver's name. */
  readonly adapter: string;
  /** Milliseconds per training step on the CPU backend; null if it could take none. */
  readonly cpuMs: number | null;
  /** The same on the GPU. */
  readonly webgpuMs: number | null;
}

/** Why a choice was made, for messages. */
export function choiceReason({ adapter, cpuMs, webgpuMs }: BackendChoice): string {
  if (webgpuMs === null) return `a step fails or differs on ${adapter}`;
  if (cpuMs === null) return `a step fails on the CPU`;
  return `a step takes ${milliseconds(cpuMs)} on the CPU and ${
    milliseconds(webgpuMs)
  } on ${adapter}`;
}

function milliseconds(ms: number): string {
  return `${ms < 100 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
}
