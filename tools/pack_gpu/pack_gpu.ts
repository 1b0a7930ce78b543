/**
 * Builds `dist/gpu`, the GPU benchmark for a machine without a network: `deno task pack:gpu`.
 *
 * The running Deno (compressed), the bundled benchmark, the peers' scripts, and what the machine needs in words.
 */
import { gzipSync } from "node:zlib";
import { deno, root } from "../bundle.ts";

const folder = `${root}/dist/gpu`;
/** Where the peers' scripts are, beside which the program looks for them. */
const peers = "tests/bench/peers";
const MOST_BYTES = 60e6;

await Deno.remove(folder, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
await Deno.mkdir(`${folder}/${peers}`, { recursive: true });
await Deno.mkdir(`${folder}/docs`);
const { success, stderr } = await deno([
  ...["bundle", "--quiet", "--frozen", "--lock=tests/deno.lock", "--code-splitting"],
  ...["--outdir", `${folder}/${peers}`, "tests/bench/gpu/main.ts"],
]);
if (!success) throw new Error(`deno bundle failed:\n${stderr}`);
for (const { name } of Deno.readDirSync(`${root}/${peers}`)) {
  if (!name.endsWith(".py")) continue;
  await Deno.copyFile(`${root}/${peers}/${name}`, `${folder}/${peers}/${name}`);
}
await Deno.copyFile(`${root}/docs/unet.py`, `${folder}/docs/unet.py`);
await Deno.copyFile(`${root}/tests/bench/requirements.txt`, `${folder}/requirements.txt`);
await Deno.copyFile(`${root}/LICENSE`, `${folder}/LICENSE`);
await Deno.copyFile(`${root}/THIRD_PARTY_LICENSES.md`, `${folder}/THIRD_PARTY_LICENSES.md`);
for (const name of ["run.sh", "README.txt"]) {
  await Deno.copyFile(`${import.meta.dirname}/${name}`, `${folder}/${name}`);
}
await Deno.writeFile(
  `${folder}/deno.gz`,
  gzipSync(await Deno.readFile(Deno.execPath()), { level: 9 }),
);

const bytes = await bytesIn(folder);
const megabytes = (bytes / 1e6).toFixed(1);
if (bytes > MOST_BYTES) {
  throw new Error(`${folder}: ${megabytes} MB, more than ${MOST_BYTES / 1e6}`);
}
console.log(`${folder}: ${megabytes} MB`);

async function bytesIn(path: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    const entry = `${path}/${name}`;
    bytes += isDirectory ? await bytesIn(entry) : (await Deno.stat(entry)).size;
  }
  return bytes;
}
