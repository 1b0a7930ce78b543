/**
 * Builds the npm package of the library: `deno task pack`, then `npm pack ./dist/npm`. An optional
 * argument names another folder.
 *
 * `deno pack` produces the declarations and the manifest. Its JavaScript is for Deno: it uses text
 * imports and `using`, which Node.js 22 does not support, and it calls `Deno`. Therefore esbuild
 * bundles the entry points with `npm/deno_on_node.ts` as `Deno`; npm packages stay external.
 */
import * as esbuild from "esbuild";
import temmlCss from "temml/local.css" with { type: "text" };
import settings from "../deno.json" with { type: "json" };
import { deno, root } from "./bundle.ts";

/** Minimum version of Node.js. */
const NODE = 22;

/** Runs `deno pack` and unpacks the declarations and the manifest into a folder. */
async function declarations(folder: string): Promise<void> {
  const archive = await Deno.makeTempFile({ suffix: ".tgz" });
  try {
    const { success, stderr } = await deno([
      ...["pack", "--allow-dirty", "--no-source-maps", "--output", archive],
    ]);
    if (!success) throw new Error(`deno pack failed:\n${stderr}`);
    const { code, stderr: words } = await new Deno.Command("tar", {
      args: [
        ...["-xzf", archive, "-C", folder, "--strip-components=1", "--wildcards"],
        ...["*.d.ts", "package/package.json"],
      ],
    }).output();
    if (code !== 0) throw new Error(`tar failed:\n${new TextDecoder().decode(words)}`);
  } finally {
    await Deno.remove(archive);
  }
}

/** Embeds style sheets from packages, since Node.js has no text imports. */
const styles: esbuild.Plugin = {
  name: "styles",
  setup: (build) => {
    build.onResolve({ filter: /^temml\/local\.css$/ }, () => ({ path: "t", namespace: "styles" }));
    build.onLoad({ filter: /./, namespace: "styles" }, () => ({
      contents: temmlCss,
      loader: "text",
    }));
  },
};

/** Bundles the entry points into a folder and returns the packages that they import. */
async function bundle(folder: string): Promise<ReadonlySet<string>> {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: Object.values(settings.exports),
    outbase: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: `node${NODE}`,
    packages: "external",
    inject: [`${root}/tools/npm/deno_on_node.ts`],
    loader: { ".b64": "text", ".css": "text", ".md": "text", ".txt": "text" },
    plugins: [styles],
    chunkNames: "chunks/[name]-[hash]",
    metafile: true,
    logLevel: "error",
  });
  await esbuild.stop();
  const external = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ external, path }) => external === true && !path.startsWith("node:"))
      .map(({ path }) => /^(?:@[^/]+\/)?[^/]+/.exec(path)![0])
  );
  return new Set(external);
}

/** Versions of the imported packages from deno.json. */
function dependencies(packages: ReadonlySet<string>): Record<string, string> {
  const versions = new Map(
    Object.values(settings.imports).map((specifier) => {
      const [, name, version] = /^npm:(@?[^@]+)@([^/]+)/.exec(specifier)!;
      return [name!, version!];
    }),
  );
  return Object.fromEntries([...packages].sort().map((name) => [name, versions.get(name)!]));
}

/** Builds the package in a folder, which is emptied first. */
async function packNpm(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  await declarations(folder);
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  manifest.description = "Continuous normalizing flows and flow matching, trained and sampled";
  manifest.engines = { node: `>=${NODE}` };
  manifest.dependencies = dependencies(await bundle(folder));
  await Deno.writeTextFile(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ["LICENSE", "README.md", "THIRD_PARTY_LICENSES.md", "docs/library.md"]) {
    await Deno.copyFile(`${root}/${file}`, `${folder}/${file.replace(/^docs\//, "")}`);
  }
}

if (import.meta.main) {
  const [folder = `${root}/dist/npm`] = Deno.args;
  await packNpm(folder);
  console.log(`${folder}: npm package written; run npm pack on that folder to make the archive`);
}
