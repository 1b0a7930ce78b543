/**
 * The recorded results of PyTorch and torchdiffeq (float64) that Fluxion is compared with.
 *
 * They are read from `fixtures/` beside this file, or from the folder that the
 * environment variable `FLUXION_FIXTURES` names: another set of the same file names.
 */

/** An array of a fixture: row-major, ten significant digits. */
export interface FixtureArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Arrays under PyTorch's parameter names. */
export type FixtureTensors = Readonly<Record<string, FixtureArray>>;

const fixtureFolder: string = Deno.env.get("FLUXION_FIXTURES") ??
  decodeURIComponent(new URL("./fixtures", import.meta.url).pathname);

/** The parsed fixture `name` (without `.json`), as the shape `T` that the caller knows it has. */
export function readFixture<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(`${fixtureFolder}/${name}.json`)) as T;
}

/** max|actual - expected| / max|expected|: the relative error in which parity is stated. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new RangeError(`expected ${expected.length} numbers, got ${actual.length}`);
  }
  let largestDifference = 0, largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(difference)) return NaN; // no tolerance lets it pass
    largestDifference = Math.max(largestDifference, difference);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return largestDifference / largest;
}
