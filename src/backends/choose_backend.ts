import type { PortableBits } from "../threads/simd_module.ts";
import { type Adapter, isSoftwareAdapter, requestAdapter } from "./adapters.ts";
import type { BackendKind } from "./backend.ts";

/** Kind of data: rows of few numbers, or images. */
export type Work = "points" | "images";

/**
 * Chooses a backend by the kind of data, for work that is not measured: samples, likelihoods, pictures.
 * Training measures (`chooseTrainingBackend`).
 *
 * Points run on the CPU even if there is a GPU, which has shaders to compile first. A software adapter is
 * never chosen: it reaches a hundredth of the CPU backend's speed.
 */
export async function chooseBackend(
  request: "auto" | BackendKind,
  work: Work,
  { portableBits = false }: PortableBits = {},
): Promise<{ readonly kind: BackendKind; readonly reason: string }> {
  if (request === "auto" && portableBits) {
    return { kind: "cpu", reason: "portable bits were requested" };
  }
  // Query the adapter only if it matters: some drivers then write to stderr.
  const counts = request === "auto" && work === "images";
  return choose(request, work, counts ? await requestAdapter() : null);
}

/** {@link chooseBackend} for a given adapter. */
export function choose(
  request: "auto" | BackendKind,
  work: Work,
  adapter: Adapter | null,
): { readonly kind: BackendKind; readonly reason: string } {
  if (request !== "auto") return { kind: request, reason: "requested" };
  if (work === "points") {
    return {
      kind: "cpu",
      reason: "points run on the CPU; only training measures whether a GPU is faster",
    };
  }
  if (adapter === null) return { kind: "cpu", reason: "there is no WebGPU adapter" };
  const name = adapter.description;
  if (isSoftwareAdapter(adapter)) {
    return { kind: "cpu", reason: `the only WebGPU adapter is a software one (${name})` };
  }
  return { kind: "webgpu", reason: `images run faster on the GPU (${name})` };
}
