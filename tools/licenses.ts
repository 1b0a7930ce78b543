/**
 * Writes THIRD_PARTY_LICENSES.md, the licences of everything that the program embeds:
 * `deno task licenses`. A test compares the committed file with it.
 */
import apache from "./license_texts/apache-2.0.txt" with { type: "text" };
import bsd from "./license_texts/bsd-3-clause.txt" with { type: "text" };
import mit from "./license_texts/mit.txt" with { type: "text" };
import mpl from "./license_texts/mpl-2.0.txt" with { type: "text" };
import { bundleProgram, deno, root } from "./bundle.ts";

/** An embedded component with its SPDX licence name, source and licence texts. */
interface Component {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly source: string;
  readonly texts: readonly string[];
}

/** Embedded components that are not npm packages. */
const components: readonly Component[] = [
  {
    name: "Deno",
    version: Deno.version.deno,
    license: "MIT",
    source: "https://github.com/denoland/deno (its Cargo.lock names the libraries inside it)",
    texts: [`MIT License\n\nCopyright 2018-2026 the Deno authors\n\n${mit}`],
  },
  {
    name: "V8, in Deno",
    version: Deno.version.v8,
    license: "BSD-3-Clause",
    source: "https://github.com/v8/v8",
    texts: [`Copyright the V8 project authors. All rights reserved.\n\n${bsd}`],
  },
  {
    name: "XNNPACK, in @tensorflow/tfjs-backend-wasm",
    version: "",
    license: "BSD-3-Clause",
    source: "https://github.com/google/XNNPACK",
    texts: [
      "Copyright (c) Facebook, Inc. and its affiliates. All rights reserved.\n" +
      `Copyright 2019 Google LLC\n\n${bsd}`,
    ],
  },
  {
    name: "MNIST (data)",
    version: "",
    license: "CC-BY-SA-3.0",
    source: "Yann LeCun, Corinna Cortes, Christopher J.C. Burges; changed: binarised and packed",
    texts: [
      "The MNIST database of handwritten digits by Yann LeCun, Corinna Cortes and\n" +
      "Christopher J.C. Burges is available under the Creative Commons\n" +
      "Attribution-ShareAlike 3.0 licence, and so is the packed form inside Fluxion:\n" +
      "https://creativecommons.org/licenses/by-sa/3.0/legalcode",
    ],
  },
];

/** Licence texts for packages that name a licence but include no licence file. */
const textsByPackage: Readonly<Record<string, string>> = {
  "@stricli/core": `Copyright 2024 Bloomberg Finance L.P.\n\n${apache}`,
  "@resvg/resvg-wasm": `Copyright (c) 2021-present, yisibl and the resvg authors\n\n${mpl}`,
  "seedrandom": `Copyright 2019 David Bau.\n\n${mit}`,
  "tr46": `Copyright (c) Sebastian Mayr\n\n${mit}`,
};

interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly localPath: string;
}

/** npm packages of which the bundle contains a module or a base64-encoded file. */
async function embeddedPackages(): Promise<PackageRecord[]> {
  const bundle = await bundleProgram({ minify: false });
  const { npmCache } = JSON.parse((await deno(["info", "--json"])).stdout);
  const graph = JSON.parse((await deno(["info", "--json", "cli/main.ts"])).stdout);
  const comments = bundle.flatMap(({ bytes }) =>
    new TextDecoder().decode(bytes).match(/^\s*\/\/ \S*\/npm\/\S+$/gm) ?? []
  ).join("\n");
  const embedding = JSON.parse(
    (await deno(["info", "--json", "--lock=tests/deno.lock", "tools/embed.ts"])).stdout,
  );
  const specifiers = JSON.stringify(embedding.modules);
  const found: PackageRecord[] = [
    ...Object.values<PackageRecord>(graph.npmPackages).filter(({ localPath }) =>
      comments.includes(`/npm/${localPath.slice(npmCache.length + 1)}/`)
    ),
    ...Object.values<PackageRecord>(embedding.npmPackages).filter(({ name, version }) =>
      specifiers.includes(`"npm:${name}@${version}/`)
    ),
  ];
  // Two snapshots of a package (with different peers) share a folder.
  return [...new Map(found.map((record) => [record.localPath, record])).values()];
}

function component({ name, version, localPath }: PackageRecord): Component {
  const manifest = JSON.parse(Deno.readTextFileSync(`${localPath}/package.json`));
  const texts = [...Deno.readDirSync(localPath)]
    .filter((entry) => entry.isFile && /^(licen[cs]e|notice|copying|ofl)/i.test(entry.name))
    .map((entry) => entry.name).sort()
    .map((file) => Deno.readTextFileSync(`${localPath}/${file}`));
  if (texts.length === 0) {
    const text = textsByPackage[name] ??
      (name.startsWith("@tensorflow/") ? `Copyright Google LLC.\n\n${apache}` : undefined);
    if (text === undefined) {
      throw new Error(`${name} has no licence file: name its text in tools/licenses.ts`);
    }
    texts.push(text);
  }
  return {
    name,
    version,
    license: manifest.license,
    source: `https://www.npmjs.com/package/${name}`,
    texts,
  };
}

function byName(a: Component, b: Component): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** Text with trailing spaces removed and line ends normalized. */
function tidy(text: string): string {
  return text.replaceAll("\r", "").replace(/[ \t]+$/gm, "").replace(/^\n+|\n+$/g, "");
}

/** The text of THIRD_PARTY_LICENSES.md. */
export async function thirdPartyLicenses(): Promise<string> {
  const packages = (await embeddedPackages()).map(component).sort(byName);
  const all = [...components, ...packages];
  const rows = all.map(({ name, version, license, source }) =>
    `- ${name}${version && ` ${version}`}: ${license}. ${source}`
  );
  const holders = new Map<string, string[]>(); // licence text to the components under it
  for (const { name, texts } of all) {
    for (const text of texts.map(tidy)) {
      holders.set(text, [...holders.get(text) ?? [], name]);
    }
  }
  const sections = [...holders].map(([text, names]) =>
    `## ${names.join(", ")}\n\n~~~text\n${text}\n~~~\n`
  );
  return [
    "# Third-party licences\n",
    "Fluxion itself is under the MIT licence (LICENSE). The program that `deno task compile`",
    "makes embeds these; `deno task licenses` writes this file from what is in the bundle.\n",
    ...rows,
    "",
    ...sections,
  ].join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(`${root}/THIRD_PARTY_LICENSES.md`, await thirdPartyLicenses());
}
