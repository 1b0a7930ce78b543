import { listen } from "./listen.ts";

/** What commands are recorded into: an encoder, and its current pass. */
interface Target {
  readonly encoder: GPUCommandEncoder;
  pass: GPUComputePassEncoder | null;
}

/** Commands in order, to be recorded again. */
export interface CommandLog {
  readonly commands: readonly ((to: Target) => void)[];
  readonly dispatches: number;
}

type Methods = Record<string, (...given: unknown[]) => unknown>;

const inEncoder = ["copyBufferToBuffer", "clearBuffer"];
const inPass = ["setPipeline", "setBindGroup", "dispatchWorkgroups", "end"];

/**
 * Does work that records passes of dispatches, copies and clears into an encoder.
 *
 * @returns The commands; null if there are others among them, or if they were submitted.
 */
export function logCommands(encoder: GPUCommandEncoder, work: () => void): CommandLog | null {
  const commands: ((to: Target) => void)[] = [], ends: (() => void)[] = [];
  let dispatches = 0, isWhole = true;
  const listenToPass = (pass: object) =>
    listen(pass, (name, given) => {
      isWhole &&= inPass.includes(name);
      if (name === "dispatchWorkgroups") dispatches++;
      commands.push(({ pass }) => (pass as unknown as Methods)[name]!(...given));
    });
  ends.push(listen(encoder, (name, given, result) => {
    if (name === "beginComputePass") {
      commands.push((to) => {
        to.pass = to.encoder.beginComputePass(given[0] as GPUComputePassDescriptor);
      });
      ends.push(listenToPass(result as object));
      return;
    }
    isWhole &&= inEncoder.includes(name);
    commands.push(({ encoder }) => (encoder as unknown as Methods)[name]!(...given));
  }));
  try {
    work();
  } finally {
    for (const end of ends) end();
  }
  return isWhole ? { commands, dispatches } : null;
}

/** Records commands again, into an encoder outside of any pass. */
export function recordLog({ commands }: CommandLog, encoder: GPUCommandEncoder): void {
  const to: Target = { encoder, pass: null };
  for (const command of commands) command(to);
}
