/** The middle one; of an even number, the upper of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A program that answers each line on its input with a number of milliseconds. */
export interface Peer {
  run(command: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts a script beside this file with PyTorch; null where there is none. */
export async function peer(script: string, args: readonly string[]): Promise<Peer | null> {
  const python = "/usr/bin/python3";
  try {
    const probe = new Deno.Command(python, { args: ["-c", "import torch"], stderr: "null" });
    if (!(await probe.output()).success) return null;
  } catch {
    return null;
  }
  const path = new URL(script, import.meta.url).pathname;
  const child = new Deno.Command(python, {
    args: [path, ...args],
    // Its idle threads would turn in circles while the others are timed.
    env: { OMP_WAIT_POLICY: "PASSIVE" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    run: async (command) => {
      await input.write(new TextEncoder().encode(command + "\n"));
      let line = "";
      while (!line.endsWith("\n")) line += (await output.read()).value;
      return Number(line);
    },
    close: async () => {
      await input.close();
      await child.status;
      await output.cancel();
    },
  };
}
