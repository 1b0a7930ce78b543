import { InputError } from "../core/errors.ts";
import { option } from "../core/options/spelling.ts";
import { named } from "../core/quoted.ts";
import type { Dataset } from "./dataset.ts";
import type { FileOptions } from "./file_dataset.ts";

/** Opens a file with some options changed. */
type Open = (
  name: string,
  change: Pick<
    FileOptions,
    "allTrain" | "ownSha256" | "columns" | "header" | "binarize" | "channels"
  >,
) => Promise<Dataset>;

/**
 * Opens a file whose rows all train, with the rows of another one as its test rows. Columns of
 * tables are matched by name, else by position.
 *
 * @throws {InputError} If the data set is no file, or the test rows are of another kind or size.
 */
export async function openWithTestData(
  { name, testData }: { readonly name: string; readonly testData: string },
  open: Open,
): Promise<Dataset> {
  const asked = option("testData", testData);
  if (testData === "-") {
    throw new InputError(`${asked}: test rows are read again later; give a file`);
  }
  const own = await open(name, { allTrain: true });
  if (own.identity === undefined) {
    throw new InputError(`${asked}: data ${named(name)} has test rows of its own; leave it out`);
  }
  const every = { ownSha256: "none", header: undefined };
  if (own.kind === "images") {
    const { channels, reading } = own;
    const other = await open(testData, { ...every, channels, binarize: reading?.binarize });
    if (
      other.kind === "images" && other.height === own.height && other.width === own.width &&
      other.channels === own.channels
    ) return { ...own, test: other.test, ...testIdentity(other) };
    const { height, width } = own;
    throw new InputError(
      `${asked}: holds no images of ${height} x ${width} x ${channels}, as the training data are`,
    );
  }
  const { columns, dropped } = own.file!;
  const choice = {
    ...{ kind: "ofRun", owner: "trainingData" } as const,
    ...{ columns, dropped, dims: own.dims },
  };
  const other = await open(testData, { ...every, columns: choice });
  if (other.kind === "points" && other.file !== undefined) {
    return { ...own, test: other.test, ...testIdentity(other) };
  }
  throw new InputError(
    other.identity === undefined
      ? `${asked}: is no file; give one with the columns of the training data`
      : `${asked}: contains images, the training data are points`,
  );
}

function testIdentity({ identity }: Dataset): Pick<Dataset, "testIdentity"> {
  return identity === undefined ? {} : { testIdentity: identity };
}
