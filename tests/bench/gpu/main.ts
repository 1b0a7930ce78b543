/**
 * GPU benchmarks: ratios of medians, measured in alternating turns in one run, on one GPU.
 *
 *   deno task bench:gpu [--toy] [--rounds N] [--python PATH] [ROW...]
 *
 * See docs/benchmarks.md for the method and the peers' requirements.
 */
import { isSoftwareAdapter, requestAdapter } from "../../../src/backends/adapters.ts";
import { fail, orExit } from "../or_exit.ts";
import { findPython, type Python, pythonText } from "../peers/python.ts";
import { peerPath } from "../peers/peer.ts";
import { type Comparison, facts } from "../record.ts";
import { type Contestant, type Result, takeTurns } from "../turns.ts";
import { predictedMs, stepFlop } from "./arithmetic.ts";
import { fieldFlops } from "./field_work.ts";
import { peakFlops } from "./peak_kernel.ts";
import { fieldRow, type GpuRow, gpuRows } from "./rows.ts";
import type { StepUse } from "../../../src/train/backend_choice/step_use.ts";
import { openGpu, OURS } from "./setting.ts";
import { gpuTableText, type MeasuredRow } from "./table_text.ts";
import { parseGpuArguments } from "./arguments.ts";

const { isToy, rounds, names, python: given } = orExit(() => parseGpuArguments(Deno.args));
const adapter = await requestAdapter() ??
  fail("no WebGPU adapter: install a Vulkan driver and its loader");
const isSoftware = isSoftwareAdapter(adapter);
if (isSoftware && !isToy) fail(`${adapter.description} computes on the CPU: there is --toy for it`);
// Read by the peers' scripts: see torch_peer.py and jax_peer.py.
if (!isSoftware) Deno.env.set("FLUXION_BENCH_DEVICE", "gpu");
const python = await findPython(given).catch(fail);
const peersOn = python === null ? null : await peerDevices(python);
console.log(pythonText(python));
console.log(`Fluxion on ${adapter.description}, peers on ${peersOn ?? "nothing"}`);

const date = new Date().toISOString();
const rows = gpuRows({ isToy }).filter(({ name }) => names.length === 0 || names.includes(name));
const agreements: Comparison[] = [], measured: MeasuredRow[] = [];
const { gpu } = await openGpu();
const kind = isToy ? "gpu-toy" : "gpu";
const file = new URL(
  `../results/${kind}-${date.slice(0, 16).replace(":", "")}.json`,
  `file://${peerPath("")}`,
);
for (const row of rows) {
  measured.push(await measure(row));
  await writeRecord(null);
}
const field = names.length === 0 || names.includes("field") ? await measureField() : null;
await writeRecord(field);
console.log(`\n${gpuTableText(measured, field)}\n`);
if (isToy) console.log("toy sizes: these ratios say nothing about a GPU");
const failed = agreements.filter(({ difference, limit }) => !(difference <= limit));
for (const { peer, what, difference, limit } of failed) {
  console.log(
    `${peer} takes no part: ${what}, ${difference.toExponential(1)} apart (limit ${limit})`,
  );
}
console.log(`${agreements.length - failed.length} of ${agreements.length} answers agree`);
console.log(file.pathname);
Deno.exit(failed.length > 0 ? 1 : 0);

/** Runs the contestants of a row in turn, those whose answers agree with ours. */
async function measure(row: GpuRow): Promise<MeasuredRow> {
  const folder = await Deno.makeTempDir();
  const setup = await row.open(python, folder);
  try {
    const contestants = await agreeing(setup.contestants, row);
    const results = await takeTurns(contestants, rounds);
    const step = await setup.facts?.() ?? null;
    const arithmetic = await arithmeticOf(row, results[OURS]!);
    console.log(`\n${row.work}\n${resultsText(results, step)}`);
    return { row, results, step, arithmetic };
  } finally {
    await setup.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Time of the row by its arithmetic, on as many workgroups of 128 threads as it has control groups. */
async function arithmeticOf({ shape }: GpuRow, { nfe }: Result) {
  if (shape === null || nfe === null) return null;
  const flops = await peakFlops(gpu, { workgroups: Math.ceil(shape.rows / 8), threads: 128 });
  const work = { ...shape, nfe };
  return { flop: stepFlop(work), flops, ...predictedMs(work, flops) };
}

async function measureField() {
  const { rows, hidden, must, aim } = fieldRow({ isToy });
  const peak = await peakFlops(gpu, { workgroups: 4096, threads: 128 });
  const flops = await fieldFlops({ rows, hidden });
  return { rows, hidden, must, aim, peak, flops };
}

/** Those whose answers agree with Fluxion's: the others take no turns. */
async function agreeing(
  contestants: readonly Contestant[],
  { name, work }: GpuRow,
): Promise<Contestant[]> {
  const kept: Contestant[] = [];
  for (const contestant of contestants) {
    const agreement = await contestant.check?.().catch((error: Error) => ({
      ...{ what: `failed: ${error.message}`, difference: Infinity, limit: 0 },
    }));
    if (agreement !== undefined) {
      agreements.push({ setup: name, work, peer: contestant.name, ...agreement });
      if (!(agreement.difference <= agreement.limit)) continue;
    }
    kept.push(contestant);
  }
  return kept;
}

async function writeRecord(field: Awaited<ReturnType<typeof measureField>> | null): Promise<void> {
  const about = await facts(python).catch(() => ({})); // an offline folder has no git
  const lines = measured.map(({ row: { name, work, targets, shape }, ...others }) => ({
    ...{ name, work, targets, shape, ...others },
  }));
  const record = { date, isToy, adapter, peersOn, ...about, rounds, lines, field, agreements };
  await Deno.mkdir(new URL(".", file), { recursive: true });
  await Deno.writeTextFile(file, `${JSON.stringify(record, null, 2)}\n`);
}

function resultsText(results: Readonly<Record<string, Result>>, step: StepUse | null): string {
  const times = Object.entries(results).map(([who, { medianMs, leastMs, nfe, ms }]) =>
    `  ${who.padEnd(36)} median ${medianMs.toFixed(2)} ms of ${ms.length}, least ${
      leastMs.toFixed(2)
    }` +
    (nfe === null ? "" : `, NFE ${nfe.toFixed(1)}`)
  );
  if (step === null) return times.join("\n");
  const { dispatches, submits, buffers, bytesResident, programs } = step;
  return [
    ...times,
    `  a step: ${dispatches} dispatches, ${submits} submits, ${buffers} new buffers, ` +
    `${(bytesResident / 2 ** 20).toFixed(1)} MiB resident`,
    ...programs.map(({ name, dispatches, ms }) =>
      `    ${(ms?.toFixed(3) ?? "?").padStart(10)} ms in ${
        `${dispatches}`.padStart(4)
      } dispatches of ${name}`
    ),
  ].join("\n");
}

/** The devices of the peers, in their words. */
async function peerDevices({ program }: Python): Promise<string> {
  const script = `
import importlib.util
found = []
if importlib.util.find_spec("torch"):
    import torch
    found.append("PyTorch: " + (torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"))
if importlib.util.find_spec("jax"):
    import jax
    found.append("JAX: " + str(jax.devices()[0].device_kind))
print("; ".join(found))
`;
  const { stdout } = await new Deno.Command(program, { args: ["-c", script], stderr: "null" })
    .output();
  return new TextDecoder().decode(stdout).trim();
}
