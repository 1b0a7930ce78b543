import source from "./entry.bundle.txt" with { type: "text" };

/**
 * Starts a worker and posts the memory to it that both will share.
 *
 * Its program comes from a text that is part of this one, by a Blob URL: that needs
 * no permission and no file, so that it works bundled into one file too, where
 * `new Worker(new URL("./entry.ts", import.meta.url))` would find nothing.
 *
 * @param memory Made with `shared: true`.
 */
export function startWorker(memory: WebAssembly.Memory): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.postMessage(memory);
  return worker;
}
