import { atThreads, type Contestant, type Turn } from "./turns.ts";

/** Python and the versions of the peers; null if not installed. */
export interface Python {
  readonly program: string;
  readonly python: string;
  readonly torch: string;
  readonly torchdiffeq: string | null;
}

const PROBE = `
import json, platform, torch
try:
    import torchdiffeq
    version = torchdiffeq.__version__
except ImportError:
    version = None
print(json.dumps({"python": platform.python_version(), "torch": torch.__version__, "torchdiffeq": version}))
`;

/** The first Python with PyTorch: from PATH, else the system's, where packages install it. */
export async function findPython(): Promise<Python | null> {
  for (const program of ["python3", "/usr/bin/python3"]) {
    try {
      const probe = new Deno.Command(program, { args: ["-c", PROBE], stderr: "null" });
      const { success, stdout } = await probe.output();
      if (success) return { program, ...JSON.parse(new TextDecoder().decode(stdout)) };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}

/** A script that executes one command per input line and answers with a {@link Turn}. */
export interface Peer {
  /** @throws {Error} If the script ended. */
  run(command: string): Promise<Turn>;
  close(): Promise<void>;
}

/** Number of threads of a peer, and how they wait for work. */
export interface PeerThreads {
  readonly threads: number;
  /** OMP_WAIT_POLICY; OpenMP's default if undefined. */
  readonly waits?: "PASSIVE";
}

/** Starts a script from this folder in a separate process. */
export function startPeer(
  { program }: Python,
  script: string,
  { args, threads, waits }: PeerThreads & { readonly args: readonly string[] },
): Peer {
  const child = new Deno.Command(program, {
    args: [new URL(script, import.meta.url).pathname, ...args],
    env: {
      ...{ OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` },
      ...(waits && { OMP_WAIT_POLICY: waits }),
    },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    run: async (command) => {
      await input.write(new TextEncoder().encode(command + "\n"));
      let line = "";
      while (!line.endsWith("\n")) {
        const { value, done } = await output.read();
        if (done) throw new Error(`${script}: ended before it answered ${command}`);
        line += value;
      }
      return JSON.parse(line);
    },
    close: async () => {
      await input.close();
      await child.status;
      await output.cancel();
    },
  };
}

/**
 * Thread settings to try for a peer. Two sleeping threads lose less when other work needs a core;
 * two busy-waiting threads may be faster when none does.
 */
export const peerThreads = {
  one: { threads: 1 },
  asleep: { threads: 2, waits: "PASSIVE" },
  awake: { threads: 2 },
} as const satisfies Record<string, PeerThreads>;

/** One script with several thread settings, one process each. */
export class Peers {
  readonly #peers: readonly { readonly way: PeerThreads; readonly peer: Peer }[];

  /** Starts the processes; none without Python. */
  constructor(
    python: Python | null,
    script: string,
    { args, ways }: { readonly args: readonly string[]; readonly ways: readonly PeerThreads[] },
  ) {
    this.#peers = python === null
      ? []
      : ways.map((way) => ({ way, peer: startPeer(python, script, { args, ...way }) }));
  }

  /** The peer with the first setting, if any. */
  get first(): Peer | null {
    return this.#peers[0]?.peer ?? null;
  }

  /** All peers as contestants that execute `command`. */
  contestants(label: string, command: string): Contestant[] {
    return this.#peers.map(({ way: { threads, waits }, peer }) => ({
      name: atThreads(label, threads, waits && "asleep"),
      turn: () => peer.run(command),
    }));
  }

  async close(): Promise<void> {
    for (const { peer } of this.#peers) await peer.close();
  }
}
