const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Result of a process whose memory was watched. */
export interface Watched {
  readonly code: number;
  readonly stderr: string;
  /** Largest resident set that the system saw, in MiB. */
  readonly peak: number;
}

/** Runs `fluxion ARGS` and samples its peak memory from the system, which no process may ask for itself. */
export async function watched(
  folder: string,
  args: readonly string[],
  v8Flags: readonly string[] = [],
): Promise<Watched> {
  const program = [
    ...["deno", "run", "-q", "--no-prompt", "--frozen", `--config=${root}/deno.json`],
    ...[...v8Flags, "-P=fluxion", `${root}/cli/main.ts`, ...args],
  ];
  const watch = '"$@" </dev/null & p=$!; while kill -0 $p 2>/dev/null; do ' +
    "grep VmHWM /proc/$p/status 2>/dev/null; sleep 0.03; done; wait $p; echo exit $?";
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", watch, "sh", ...program],
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: folder },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return {
    code: Number(/exit (\d+)$/.exec(out!)![1]),
    stderr: err!,
    peak: Number([...out!.matchAll(/VmHWM:\s*(\d+) kB/g)].at(-1)![1]) / 1024,
  };
}
