import { atThreads, type Contestant, type Turn } from "./turns.ts";

/** What of the peers is there, by version; null where it is not. */
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

/** The first Python that has PyTorch: the PATH's, else the system's, where packages install theirs. */
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

/** A script that does what each line on its input says, and answers with a {@link Turn}. */
export interface Peer {
  /** @throws {Error} If the script ended. */
  run(command: string): Promise<Turn>;
  close(): Promise<void>;
}

/** How many threads a peer has, and how they wait for work. */
export interface PeerThreads {
  readonly threads: number;
  /** OMP_WAIT_POLICY; OpenMP's default where it is absent. */
  readonly waits?: "PASSIVE";
}

/** Starts a script beside this file in a process of its own. */
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
 * How a peer is tried. Two threads that wait asleep lose less where other work wants a core,
 * two that wait awake may be quicker where none does.
 */
export const peerThreads = {
  one: { threads: 1 },
  asleep: { threads: 2, waits: "PASSIVE" },
  awake: { threads: 2 },
} as const satisfies Record<string, PeerThreads>;

/** A script in each of some ways, in a process each. */
export class Peers {
  readonly #peers: readonly { readonly way: PeerThreads; readonly peer: Peer }[];

  /** Starts them; none where there is no Python. */
  constructor(
    python: Python | null,
    script: string,
    { args, ways }: { readonly args: readonly string[]; readonly ways: readonly PeerThreads[] },
  ) {
    this.#peers = python === null
      ? []
      : ways.map((way) => ({ way, peer: startPeer(python, script, { args, ...way }) }));
  }

  /** That of the first way, if there is any. */
  get first(): Peer | null {
    return this.#peers[0]?.peer ?? null;
  }

  /** All of them, as those who do what `command` says. */
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
