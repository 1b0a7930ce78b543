import type { Memory } from "./memory.ts";
import type { BenchRecord, Line } from "./record.ts";

/** The rows of a record as a table in Markdown, in their order; those without a peer are left out. */
export function markdownTable(
  { lines, memory }: Pick<BenchRecord, "lines" | "memory">,
): string {
  const head = [
    "work",
    "Fluxion",
    "fastest peer",
    "",
    "ratio",
    "must",
    "aim",
    "compiles",
    "memory",
  ];
  const cells = lines.filter(({ ratio }) => ratio !== null).map((line) => [
    ...[line.work, timeText(line.oursMs!), line.fastest!, timeText(line.peerMs!)],
    line.met ? line.ratio!.toFixed(2) : `**${line.ratio!.toFixed(2)}**`,
    ...[`${line.must}`, `${line.aim}`, compileText(line), memoryText(memory[line.name])],
  ]);
  const rule = head.map(() => "---");
  return [head, rule, ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** What precedes a peer's first turn, where it compiles. */
function compileText({ fastest, peerPrepareMs }: Line): string {
  const compiles = /^(JAX|diffrax|BacksolveAdjoint)|compiled/.test(fastest!);
  return compiles && peerPrepareMs !== null ? `${(peerPrepareMs / 1000).toFixed(1)} s` : "";
}

function memoryText(memory: Memory | undefined): string {
  if (!memory?.ours || !memory.peer) return "";
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return `${megabytes(memory.ours)} / ${megabytes(memory.peer)} MB`;
}

function timeText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
