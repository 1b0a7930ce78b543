// A project in another folder that uses the library as docs/library.md says.
import assert from "node:assert/strict";
import { root } from "../../tools/bundle.ts";
import { inFolder } from "../support/in_folder.ts";

const page = Deno.readTextFileSync(`${root}/docs/library.md`);

/** The block of the page that a comment before it names. */
function block(name: string): string {
  const [, text] = new RegExp(`<!-- own-project: ${name} -->\\n+\`\`\`.*\\n([^]*?)\`\`\``).exec(
    page,
  )!;
  return text!;
}

/** Runs a command line in a folder; gives what it writes to stdout. */
async function run(folder: string, command: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", command],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, `${command}\n${text(stdout)}${text(stderr)}`);
  return text(stdout);
}

/** Reads half-precision weights, which Node.js 22 has no arrays for: 0x3c00 is 1 and so on. */
const halves = `
import { decodeSafetensors } from "@fluxion/fluxion/runs";
const header = '{"w":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}'.padEnd(56);
const data = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0200).buffer);
const length = new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer);
const file = new Uint8Array([...length, ...new TextEncoder().encode(header), ...data]);
console.log(decodeSafetensors(file, "w.safetensors").tensors[0].values.join());
`;

/** Four samples of two numbers, each with a log-likelihood. */
const answer = /^8 true$/m;

Deno.test("a project in another folder runs the example of the page, as typed", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      block("deno.json").replace("../fluxion", root),
    );
    await Deno.writeTextFile(`${folder}/main.ts`, block("main.ts"));
    assert.match(await run(folder, block("command").trim()), answer);
    // Its own TensorFlow.js is Fluxion's, or the network's tensors would be strangers.
    const [, network] = /^## A velocity network\n[^]*?```ts\n([^]*?)```/m.exec(page)!;
    await Deno.writeTextFile(`${folder}/network.ts`, network!);
    await run(folder, `${block("command").trim().replace("main.ts", "network.ts")}`);
    await run(folder, "deno check main.ts network.ts");
  });
});

Deno.test("the npm package runs the same example in Node.js 22", async () => {
  await inFolder(async (folder) => {
    const modules = `${folder}/node_modules`;
    await run(root, `deno task -q pack ${folder}/package`);
    const { dependencies } = JSON.parse(await Deno.readTextFile(`${folder}/package/package.json`));
    // Deno's cache has the packages that npm would download, in the versions of the lock file.
    await Deno.copyFile(`${root}/tests/deno.lock`, `${folder}/deno.lock`);
    await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ dependencies }));
    await Deno.writeTextFile(`${folder}/deno.json`, `{ "nodeModulesDir": "auto" }`);
    await run(folder, "deno install --quiet");
    await Deno.mkdir(`${modules}/@fluxion`);
    await Deno.rename(`${folder}/package`, `${modules}/@fluxion/fluxion`);
    await Deno.writeTextFile(`${folder}/main.mjs`, block("main.ts"));
    const node = await run(folder, "npx -y node@22 main.mjs");
    assert.match(node, answer);
    const entries = Object.keys(
      JSON.parse(await Deno.readTextFile(`${modules}/@fluxion/fluxion/package.json`)).exports,
    );
    const imports = entries.map((entry) => `import "@fluxion/fluxion${entry.slice(1)}";`).join(
      "\n",
    );
    await Deno.writeTextFile(`${folder}/entries.mjs`, `${imports}\n${halves}`);
    assert.equal(await run(folder, "npx -y node@22 entries.mjs"), "1,-2,65504,0.000030517578125\n");
  });
});
