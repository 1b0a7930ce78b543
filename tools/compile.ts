/**
 * Builds `dist/fluxion`, the program as a single file: `deno task compile`.
 *
 * The program is bundled first, so that every form runs the same JavaScript. `deno compile`
 * downloads a base executable (denort) once. If that is unavailable, or with `--self-extracting`,
 * the file is a shell launcher followed by the running Deno and the bundled program
 * (`self_extracting/launcher.sh`): the same name and behaviour, but it unpacks itself once.
 */
import { gzipSync } from "node:zlib";
import settings from "../deno.json" with { type: "json" };
import launcher from "./self_extracting/launcher.sh" with { type: "text" };
import placeScript from "./self_extracting/place.js" with { type: "text" };
import { type BundledFile, bundleProgram, deno, type Outcome, root } from "./bundle.ts";
import { permissionFlags, type PermissionSet } from "./permissions.ts";
import { writeTar } from "./tar.ts";
import { v8Flags } from "./v8_flags.ts";

const output = `${root}/dist/fluxion`;

/** Written first and then renamed, so that running instances keep the old file. */
const unfinished = `${output}.new`;

/** The program's permissions, from deno.json. */
const permissions = permissionFlags(settings.permissions.fluxion as PermissionSet);

/** V8 flags for this architecture: the file contains this Deno and supports no other. */
const v8 = v8Flags(Deno.build.arch);

/** Start-up flags of both forms; a missing permission is an error, never a prompt. */
const flags = ["--no-prompt", ...permissions];

/** Runs `deno compile` on the bundled program. */
async function compile(program: readonly BundledFile[]): Promise<Outcome> {
  const folder = await Deno.makeTempDir();
  try {
    for (const { name, bytes } of program) await Deno.writeFile(`${folder}/${name}`, bytes);
    return await deno([
      ...["compile", "--quiet", "--no-config", "--no-lock", "--no-check", "--include", folder],
      ...["--app-name", "fluxion", ...v8, ...flags, "--output", unfinished, `${folder}/main.js`],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Size and checksum of an unpacked file, as the launcher verifies them. */
async function described({ name, bytes }: BundledFile): Promise<{ size: string; sum: string }> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return { size: `${bytes.length} ${name}`, sum: `${new Uint8Array(digest).toHex()}  ${name}` };
}

/** Writes the self-extracting file. Its bytes depend on the sources and the running Deno only. */
async function writeSelfExtracting(program: readonly BundledFile[]): Promise<void> {
  const runtime = { name: "deno", bytes: await Deno.readFile(Deno.execPath()) };
  const archive = writeTar([
    { ...runtime, executable: true },
    { name: "place.js", bytes: new TextEncoder().encode(placeScript), executable: false },
    ...program.map((file) => ({ ...file, executable: false })),
  ]);
  const unpacked = [runtime, ...program];
  const descriptions = await Promise.all(unpacked.map(described));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", archive));
  const payload = gzipSync(archive, { level: 6 }); // level 9: twice the time, 0.3% smaller

  const isolation = ["--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm"];
  const denials = ["--deny-run", "--deny-ffi", "--deny-import"];
  const script = (offset: number) =>
    new TextEncoder().encode([
      "#!/bin/sh",
      `# Fluxion ${settings.version}, self-extracting. Licences: fluxion version --licenses`,
      `id=${digest.toHex().slice(0, 32)}`,
      `files='${unpacked.map(({ name }) => name).join(" ")}'`,
      `sizes='${descriptions.map(({ size }) => size).join("\n")}'`,
      `sums='${descriptions.map(({ sum }) => sum).join("\n")}'`,
      `payload=${offset}`,
      `v8='${v8.join(" ")}'`,
      `flags='${[...isolation, ...flags, ...denials].join(" ")}'`,
      launcher,
    ].join("\n"));
  let head = script(0);
  for (let length = 0; length !== head.length;) { // the offset includes its own digits
    length = head.length;
    head = script(length + 1); // tail counts bytes from 1
  }

  const file = new Uint8Array(head.length + payload.length);
  file.set(head);
  file.set(payload, head.length);
  await Deno.writeFile(unfinished, file, { mode: 0o755 });
  await Deno.rename(unfinished, output);
  console.log(`dist/fluxion: self-extracting, ${(file.length / 1e6).toFixed(1)} MB`);
}

const asked = Deno.args.includes("--self-extracting");
const unknown = Deno.args.find((argument) => argument !== "--self-extracting");
if (unknown !== undefined) {
  console.error(`unknown argument ${unknown}: only --self-extracting is known`);
  Deno.exit(2);
}
await Deno.mkdir(`${root}/dist`, { recursive: true });
await Deno.remove(unfinished).catch(() => {}); // deno compile overwrites nothing
const program = await bundleProgram({ minify: true });
if (!asked) {
  const { success, stderr } = await compile(program);
  if (success) {
    await Deno.rename(unfinished, output);
    console.log("dist/fluxion: compiled");
    Deno.exit(0);
  }
  if (!stderr.includes("denort")) {
    console.error(stderr);
    Deno.exit(1);
  }
  console.error("deno compile cannot download its base executable (denort):");
  console.error(`  ${/error sending request[^\n]*|denort[^\n]*/.exec(stderr)?.[0]}`);
  console.error("Making the self-extracting file instead: same name, same behaviour.");
}
await writeSelfExtracting(program);
