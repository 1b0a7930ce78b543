// slurm-sweep.sh and slurm-array.sh, submitted to a cluster of this machine (slurm_cluster.sh).
import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const examples = `${root}/docs/examples`;

/** Exit code of slurm_cluster.sh where no cluster can be started. */
const CANNOT_START = 77;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function shell(script: string, cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-euc", script],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** What is typed on the login node: a sweep of three runs, its array with one task too many. */
const session = String.raw`
  PATH="$PWD/bin:$PATH"
  set -- train cnf --seed 0..2 --steps 2 --hidden 4 --batch-size 16 --backend cpu --threads 1 --run-dir runs
  # sbatch --wait looks after 8 seconds, then after 32 more.
  waits() { while squeue --noheader --jobs="$1" | grep -q .; do sleep 0.1; done; }
  fluxion sweep "$@" --write-jobs
  job=$(sbatch --parsable --array=0-3 --mem=0 -o task-%a.txt ${examples}/slurm-sweep.sh runs)
  waits "$job"
  scontrol --oneliner show job "$job" | sed -n 's/.* ArrayTaskId=\([0-9]*\) .* ExitCode=\([0-9]*\):0 .*/task \1: \2/p' | sort
  fluxion sweep "$@" --table
  fluxion sweep "$@" --dry-run
  waits "$(PER=5 sbatch --parsable --array=0-1 --mem=0 ${examples}/slurm-array.sh runs/seed-0 shards)"
  fluxion sample runs/seed-0 --n 10 --out one.npy --quiet
  sh ${examples}/join-npy.sh joined.npy shards/*.npy
  cmp one.npy joined.npy
  cat task-3.txt
`;

const isInstalled = (await shell("command -v slurmctld slurmd munged sbatch", "/")).code === 0;
const folder = await Deno.makeTempDir({ prefix: "fluxion-slurm-" });
let outcome = { code: CANNOT_START, stdout: "", stderr: "Slurm is not installed" };
if (isInstalled) {
  const flags = `-q --no-prompt --frozen --config=${root}/deno.json -P=fluxion`;
  await Deno.mkdir(`${folder}/bin`);
  await Deno.writeTextFile(
    `${folder}/bin/fluxion`,
    `#!/bin/sh\nexec '${Deno.execPath()}' run ${flags} '${root}/cli/main.ts' "$@"\n`,
    { mode: 0o755 },
  );
  await Deno.writeTextFile(`${folder}/session.sh`, session);
  const cluster = `${root}/tests/examples/slurm_cluster.sh`;
  outcome = await shell(`exec timeout 120 sh ${cluster} cluster sh -eu session.sh`, folder);
}
await Deno.remove(folder, { recursive: true });

Deno.test({
  name: "a Slurm array trains the runs of a sweep, and another draws their samples",
  ignore: outcome.code === CANNOT_START,
  fn() {
    const { code, stdout, stderr } = outcome;
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      // The fourth task has no run and fails; the other three are trained and tabulated.
      /^runs\/jobs\.sh\ntask 0: 0\ntask 1: 0\ntask 2: 0\ntask 3: 2\nruns +test loss .*\n +3 +\d.*\nruns\/jobs\.sh has no line for task 3\n$/,
    );
  },
});
