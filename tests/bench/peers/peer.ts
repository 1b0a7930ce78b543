import { type Agreement, type Contestant, contestantName, type Turn } from "../turns.ts";
import { differenceOf, readFloats, type Scale } from "../workloads/numbers.ts";
import type { Package, Python } from "./python.ts";

/** Number of threads of a peer, and how they wait for work. */
export interface PeerThreads {
  readonly threads: number;
  /** OMP_WAIT_POLICY; OpenMP's default if undefined. */
  readonly waits?: "PASSIVE";
}

/**
 * Thread settings to try for a peer. Two sleeping threads lose less when other work needs a core;
 * two busy-waiting threads may be faster when none does.
 */
export const peerThreads = {
  one: { threads: 1 },
  asleep: { threads: 2, waits: "PASSIVE" },
  two: { threads: 2 },
} as const satisfies Record<string, PeerThreads>;

/** A script in this folder and the ways in which it runs. */
export interface PeerScript {
  readonly script: string;
  /** Packages without which none of it runs. */
  readonly needs: readonly Package[];
  /** Second argument; each is a process of its own, for each number of threads. */
  readonly ways: readonly string[];
  readonly threads: readonly PeerThreads[];
}

/** What a peer must agree with before its turns count. */
export interface Reference {
  readonly what: string;
  /** Fluxion's answer to the same command; computed once. */
  readonly answer: () => Promise<Float32Array>;
  readonly scale: Scale;
  readonly limit: number;
}

/**
 * The environment that holds a peer to its threads.
 *
 * @param cache Folder of what torch.compile made; a fresh one makes it compile.
 */
export function peerEnvironment(
  { threads, waits }: PeerThreads,
  cache: string | undefined,
): Record<string, string> {
  return {
    ...(cache && { TORCHINDUCTOR_CACHE_DIR: cache }),
    ...{ OMP_NUM_THREADS: `${threads}`, MKL_NUM_THREADS: `${threads}` },
    OPENBLAS_NUM_THREADS: `${threads}`,
    ...(waits && { OMP_WAIT_POLICY: waits }),
  };
}

/** Path of a script in this folder. */
export function peerPath(script: string): string {
  return new URL(script, import.meta.url).pathname;
}

/** A script in a process of its own, which starts with the first command. */
export class Peer {
  readonly #start: () => Deno.ChildProcess;
  readonly #about: string;
  readonly #commands = new Set<string>();
  #last: Turn | null = null;
  #hello: Promise<Turn> | null = null;
  #streams: {
    readonly child: Deno.ChildProcess;
    readonly input: WritableStreamDefaultWriter<Uint8Array>;
    readonly output: ReadableStreamDefaultReader<string>;
  } | null = null;

  constructor(
    { program }: Python,
    { script, args, ...threads }: PeerThreads & {
      readonly script: string;
      readonly args: readonly string[];
    },
  ) {
    this.#about = [script, ...args.slice(1)].join(" ");
    this.#start = () =>
      new Deno.Command(program, {
        args: [peerPath(script), ...args],
        env: peerEnvironment(threads, args[0] && `${args[0]}/compiled`),
        stdin: "piped",
        stdout: "piped",
      }).spawn();
  }

  /** The last turn, if all were of one command: the process's memory is this work's. */
  get onlyTurn(): Turn | null {
    return this.#commands.size === 1 ? this.#last : null;
  }

  /** Starts the process and waits for its imports, once. */
  async start(): Promise<void> {
    await (this.#hello ??= this.#answerTo("hello"));
  }

  /** @throws {Error} If the script ended. */
  async run(command: string): Promise<Turn> {
    this.#commands.add(command.replace(/^(prepare|answer) /, ""));
    const turn = await this.#answerTo(command);
    if (this.#commands.has(command)) this.#last = turn;
    return turn;
  }

  async #answerTo(command: string): Promise<Turn> {
    const { input, output } = this.#started();
    await input.write(new TextEncoder().encode(command + "\n"));
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`${this.#about}: ended before it answered ${command}`);
      line += value;
    }
    return JSON.parse(line);
  }

  async close(): Promise<void> {
    if (this.#streams === null) return;
    const { child, input, output } = this.#streams;
    this.#streams = null;
    this.#hello = null;
    await input.close().catch(() => {}); // it may have ended by itself
    await child.status;
    await output.cancel();
  }

  #started() {
    if (this.#streams !== null) return this.#streams;
    const child = this.#start();
    return this.#streams = {
      child,
      input: child.stdin.getWriter(),
      output: child.stdout.pipeThrough(new TextDecoderStream()).getReader(),
    };
  }
}

/** The processes of one script: each of its ways at each number of threads. */
export class Peers {
  readonly #folder: string;
  readonly #entries: readonly {
    readonly way: string;
    readonly at: PeerThreads;
    readonly open: () => Peer;
    readonly peer: Peer;
  }[];

  /** None without Python or a package. */
  constructor(python: Python | null, folder: string, { script, needs, ways, threads }: PeerScript) {
    this.#folder = folder;
    const isThere = python !== null && needs.every((name) => python.packages[name] !== null);
    this.#entries = !isThere ? [] : ways.flatMap((way) =>
      threads.map((at) => {
        const open = () => new Peer(python, { script, args: [folder, way], ...at });
        return { way, at, open, peer: open() };
      })
    );
  }

  /**
   * All of them as contestants of a family that execute `command`.
   *
   * @param about Distinguishes commands of one work.
   */
  contestants(family: string, command: string, reference: Reference, about = ""): Contestant[] {
    const label = (way: string) => [family, way, ...(about ? [about] : [])].join(" ");
    return this.#entries.map(({ way, at, open, peer }) => ({
      ...{ family, name: contestantName(label(way), at.threads, at.waits && "asleep") },
      start: () => peer.start(),
      turn: () => peer.run(command),
      check: async () => {
        // First, or it would be the answer that waits for a compiler.
        await peer.run(`prepare ${command}`);
        await peer.run(`answer ${command}`);
        return await this.#agreement(reference);
      },
      alone: async (turns) => {
        if (peer.onlyTurn !== null) return peer.onlyTurn;
        const other = open();
        let turn = await other.run(command);
        for (let i = 1; i < turns; i++) turn = await other.run(command);
        await other.close();
        return turn;
      },
    }));
  }

  /** Ends the processes; they start again if asked. */
  async close(): Promise<void> {
    for (const { peer } of this.#entries) await peer.close();
  }

  async #agreement({ what, answer, scale, limit }: Reference): Promise<Agreement> {
    const ours = await answer();
    const theirs = await readFloats(`${this.#folder}/answer.f32`);
    return { what, difference: differenceOf(ours, theirs, scale), limit };
  }
}
