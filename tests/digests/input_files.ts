import { inputs } from "./cases.ts";

/** A whole number from 0 to 2^32 - 1: the n-th of Steele and Vigna's SplitMix32, in integers alone. */
function word(n: number): number {
  let x = Math.imul(n + 1, 0x9e3779b9);
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Numbers with three decimals from -2 to 2, in rows of `dims`. */
function csv(rows: number, dims: number, first: number): string {
  const number = (i: number) => ((word(first + i) % 4001) / 1000 - 2).toFixed(3);
  return Array.from(
    { length: rows },
    (_, row) => Array.from({ length: dims }, (_, i) => number(row * dims + i)).join(","),
  ).join("\n") + "\n";
}

/** Images of 28x28 grey values in MNIST's format: a disc each, on a noisy ground. */
function idx(count: number): Uint8Array {
  const side = 28;
  const bytes = new Uint8Array(16 + count * side * side);
  const view = new DataView(bytes.buffer);
  [0x803, count, side, side].forEach((value, i) => view.setUint32(4 * i, value));
  for (let image = 0; image < count; image++) {
    const [x, y] = [6 + word(2 * image) % 16, 6 + word(2 * image + 1) % 16];
    for (let p = 0; p < side * side; p++) {
      const distance2 = (p % side - x) ** 2 + (Math.floor(p / side) - y) ** 2;
      const ground = word(1000 + image * side * side + p) % 40;
      bytes[16 + image * side * side + p] = distance2 < 26 ? 255 - ground : ground;
    }
  }
  return bytes;
}

/** Writes the files that the commands of cases.ts read. */
export async function writeInputFiles(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/${inputs.table}`, csv(60, 3, 0));
  await Deno.writeTextFile(`${folder}/${inputs.points}`, csv(11, 2, 500));
  await Deno.writeFile(`${folder}/${inputs.images}`, idx(50));
}
