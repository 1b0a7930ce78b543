import type { Random } from "./random.ts";

/** Whole numbers at which arithmetic of some width wraps or rounds. */
const edges: readonly number[] = [
  ...[0, 1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 65_535, 65_536, 65_537],
  ...[2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 10 ** 9],
  ...[2 ** 53 - 1, 2 ** 53, 2 ** 63, 2 ** 64, -1, -128, -(2 ** 31), -(2 ** 53)],
];

/** A whole number, often one of the {@link edges}. */
export function wholeNumber(random: Random): number {
  return random.chance(0.5) ? random.pick(edges) : random.whole(0, 20);
}

/** A number as a text has it: well-formed or nearly so. */
export function numberText(random: Random): string {
  switch (random.below(10)) {
    case 0:
      return random.pick(["nan", "-inf", "Infinity", "1e400", "-1e39", "1e-400", "0x10", "1_0"]);
    case 1:
      return random.pick(["", ".", "+", "-", "e5", "1e", "1.2.3", "--1", "1 2", "١٢", "1,5", "½"]);
    case 2:
      return "9".repeat(random.whole(1, 400));
    case 3:
      return `${random.word()}e${random.whole(-330, 40)}`;
    default:
      return String((random.word() - 2 ** 31) / 2 ** random.below(40));
  }
}

/** Text as somebody hostile would put it into a file. */
export function text(random: Random): string {
  switch (random.below(8)) {
    case 0:
      return "\n\x1b[2Kfluxion: all is well";
    case 1:
      return random.pick(["__proto__", "constructor", "toString", "hasOwnProperty", ""]);
    case 2:
      return "k".repeat(random.whole(1, 5000));
    case 3:
      return random.pick([
        "\u202egnp",
        "\u2028",
        "\x9b31m",
        "\ud800",
        "\u0000",
        "\ufeff",
        "\u{e0041}",
      ]);
    case 4:
      return String.fromCharCode(...Array.from({ length: random.below(20) }, () => random.word()));
    default:
      return random.pick(["x", "height, cm", 'the "x"', "größe", "a/b", "..", "a b", "1"]);
  }
}

/** Any JSON value. */
export function json(random: Random, depth = 3): unknown {
  const kind = random.below(depth > 0 ? 9 : 6);
  switch (kind) {
    case 0:
      return random.pick([true, false, null]);
    case 1:
    case 2:
      return wholeNumber(random);
    case 3:
      return random.word() / 2 ** random.below(70);
    case 4:
    case 5:
      return text(random);
    case 6:
    case 7:
      return Array.from({ length: random.below(5) }, () => json(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(5) }, () => [text(random), json(random, depth - 1)]),
      );
  }
}

/** JSON that `JSON.stringify` does not write: nested deep, numbers too large, cut off. */
export function strangeJson(random: Random): string {
  const depth = random.pick([10, 1000, 20_000]);
  return random.pick([
    "[".repeat(depth) + "]".repeat(depth),
    `{"lr": ${"[".repeat(depth)}${"]".repeat(depth)}}`,
    '{"lr": 1e999}',
    '{"lr": -0, "lr": 1}',
    '{"\\ud800": 1}',
    "",
    "null",
    '"text"',
    "{",
    `{"x": "${"\x1b".repeat(10)}`,
  ]);
}

/** The bytes with a few changes: flipped, cut out, put in, repeated, cut off. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let result = [...bytes];
  for (let change = random.whole(1, 4); change > 0; change--) {
    const at = random.below(result.length + 1), length = random.whole(1, 8);
    switch (random.below(7)) {
      case 0:
        if (at < result.length) result[at]! ^= 1 << random.below(8);
        break;
      case 1:
        if (at < result.length) {
          result[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x0a]);
        }
        break;
      case 2:
        result.splice(at, length);
        break;
      case 3:
        result.splice(at, 0, ...random.bytes(length));
        break;
      case 4:
        result.splice(at, 0, ...result.slice(at, at + random.whole(1, 64)));
        break;
      case 5:
        for (let i = 0; i < 4; i++) {
          if (at + i < result.length) result[at + i] = random.pick([0, 255]);
        }
        break;
      default:
        result = result.slice(0, random.chance(0.5) ? at : result.length);
    }
  }
  return Uint8Array.from(result);
}
