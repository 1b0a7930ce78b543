import { type Library, useLibrary } from "./library.ts";

/**
 * When tfjs is loaded: by the library's entry point (`loaded.ts`), or by the first work that needs
 * tensors. It takes 0.2 s and 50 MB, which a flow on points trained and sampled in WebAssembly saves.
 */

let loading: Promise<void> | undefined;
let isLoaded = false;
/** Opens the backend that a device promised; null if none did, or it is open. */
let opening: (() => Promise<unknown>) | null = null;
/** Backends that are open. */
let openBackends = 0;

/** Whether tfjs is loaded. */
export function hasTensors(): boolean {
  return isLoaded;
}

/** Makes a loaded tfjs the one that Fluxion computes with, in production mode. */
export function provideTensors(library: Library): void {
  useLibrary(library);
  // Or tfjs advertises its Node binding on stderr on first use of its plain CPU backend, which
  // happens when a model is loaded before a backend is opened.
  library.enableProdMode();
  isLoaded = true;
}

/** Loads tfjs unless it is loaded; opens no backend. */
export function loadTensors(): Promise<void> {
  if (isLoaded) return Promise.resolve();
  return loading ??= import("@tensorflow/tfjs").then(provideTensors);
}

/**
 * Loads tfjs, and opens the backend of a device that left it for later, unless another is open by
 * then: it stays the current one. Whoever makes the first tensor of some work awaits this.
 *
 * @throws {FailureError} If that backend does not start.
 */
export async function needTensors(): Promise<void> {
  await loadTensors();
  if (openBackends === 0) await opening?.();
}

/** Says how many backends are open now; while there are any, none is opened on demand. */
export function countOpenBackends(count: number): void {
  openBackends = count;
}

/**
 * Leaves a backend to the first {@link needTensors}.
 *
 * @param open Called once.
 */
export function openOnDemand(open: () => Promise<unknown>): void {
  let opened: Promise<unknown> | undefined;
  const once = () =>
    opened ??= open().then(() => {
      if (opening === once) opening = null;
    });
  opening = once;
}
