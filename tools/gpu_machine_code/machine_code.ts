/**
 * Machine code of the GPU engine's shaders without a GPU: `deno task gpu:machine-code`.
 *
 * Mesa's RADV compiles for hardware that is not there. For each kind, with every tile that is timed on a GPU (those that a
 * shape does not allow have the shader of another), this prints registers, spilled registers, bytes of
 * code, and the share of multiply-adds among the vector instructions of the blocks that consist of products. Needs a C
 * compiler, the Vulkan loader and RADV (Debian: mesa-vulkan-drivers). The record is record.txt beside this file. Exits 1 if a
 * shader is beyond its bounds (bounds.ts).
 */

import { isWithinBounds, type MachineCode } from "./bounds.ts";
import { engineShaders, titleOf } from "./engine_source.ts";
import { multiplyAddsPerNumber, products } from "./product_source.ts";

/** RDNA 2 and RDNA 3, which hand out registers in eights and in twelves. */
const families = ["navi21", "gfx1100"] as const;

/** Blocks with fewer multiply-adds, or with more other instructions, are not counted as products. */
const LEAST_MULTIPLY_ADDS = 48;

const LOADER = "libvulkan.so.1";

async function output(command: string, options: Deno.CommandOptions): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${command} failed:\n${text.slice(-2000)}`);
  return text;
}

/** First path of a file in the loader's cache. */
async function libraryPath(name: string): Promise<string> {
  const list = await output("/sbin/ldconfig", { args: ["-p"] });
  const path = list.split("\n").find((line) => line.trim().startsWith(`${name} `))?.split("=> ")[1];
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** The driver's description file. */
function driverFile(): string {
  for (const folder of ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]) {
    for (const { name } of Deno.readDirSync(folder)) {
      if (name.startsWith("radeon_icd")) return `${folder}/${name}`;
    }
  }
  throw new Error("Mesa's RADV is not installed");
}

interface Figures extends MachineCode {
  readonly bytes: number;
}

/** The figures of the last shader in RADV's output. */
function figuresOf(text: string): Figures {
  const stats = text.slice(text.lastIndexOf("*** SHADER STATS ***"));
  const figure = (name: string) => Number(stats.match(new RegExp(`^${name}: (\\d+)`, "m"))![1]);
  const listing = text.slice(text.lastIndexOf("disasm:"), text.lastIndexOf("*** SHADER STATS ***"));
  let multiplyAdds = 0, vector = 0;
  for (const block of listing.split(/^BB\d+:/m)) {
    // RDNA 3 pairs two operations in one line.
    const operations = block.match(/\bv_\w+/g) ?? [];
    const found = operations.filter((name) => /^v_(dual_)?(fma|fmac|pk_fma)/.test(name)).length;
    if (found < LEAST_MULTIPLY_ADDS || 2 * found < operations.length) continue;
    multiplyAdds += found;
    vector += operations.length;
  }
  return {
    registers: figure("VGPRs"),
    spilled: figure("Spilled VGPRs"),
    bytes: figure("Code size"),
    share: Math.round(100 * multiplyAdds / vector),
  };
}

const folder = await Deno.makeTempDir();
try {
  const loader = await libraryPath(LOADER);
  const here = new URL(".", import.meta.url).pathname;
  await output("cc", {
    args: ["-shared", "-fPIC", "-O1", `-DLOADER="${loader}"`, "-o", `${folder}/${LOADER}`]
      .concat(`${here}no_hardware.c`, "-ldl"),
  });
  const header = ["hardware", "shader", "registers", "spilled", "bytes", "multiply-adds", ""];
  const rows: string[][] = [header];
  for (const family of families) {
    for (const [name, ...sizes] of [...engineShaders(), ...products]) {
      const text = await output(Deno.execPath(), {
        args: ["run", "-q", "--no-prompt", "--allow-env", `${here}compile_shader.ts`]
          .concat(name, ...sizes.map(String)),
        env: {
          LD_LIBRARY_PATH: folder,
          VK_DRIVER_FILES: driverFile(),
          VK_ICD_FILENAMES: driverFile(),
          RADV_FORCE_FAMILY: family,
          RADV_DEBUG: "shaders,shaderstats,nocache",
          NODEVICE_SELECT: "1",
        },
      });
      const shader = titleOf(name, sizes);
      const found = figuresOf(text);
      const isWithin = isWithinBounds(found, multiplyAddsPerNumber(name, sizes));
      if (!isWithin) Deno.exitCode = 1;
      const figures = [found.registers, found.spilled, found.bytes, `${found.share} %`];
      rows.push([family, shader, ...figures.map(String), isWithin ? "" : "beyond its bounds"]);
    }
  }
  const widths = header.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows) {
    console.log(row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
