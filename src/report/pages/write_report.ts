import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { InputError } from "../../core/errors.ts";
import {
  folderOf,
  makeTemporaryFolder,
  sweepTemporaries,
  temporaryPath,
} from "../../core/files/temporary_file.ts";
import type { ReportDocument } from "./document.ts";
import { reportHtml } from "./html.ts";
import { reportMarkdown } from "./markdown.ts";

/** Output path of a report and, for Markdown, of its picture folder. */
export interface ReportPlace {
  /** Format, from the file name extension. */
  readonly format: "html" | "md";
  /** Path of the file. */
  readonly path: string;
  /** Path of the picture folder, `FILE-files`; null for HTML, which embeds its pictures. */
  readonly pictures: string | null;
}

/**
 * Output paths of a report.
 *
 * @param name The path as the user wrote it, for messages.
 * @throws {InputError} If the name ends in neither `.html` nor `.md`.
 */
export function reportPlace(path: string, name: string = path): ReportPlace {
  const ending = /\.(html|md)$/i.exec(path);
  if (ending === null) {
    throw new InputError(`${name}: expected a name ending .html or .md, such as report.html`);
  }
  return ending[1]!.toLowerCase() === "html"
    ? { format: "html", path, pictures: null }
    : { format: "md", path, pictures: `${path.slice(0, -ending[0].length)}-files` };
}

/**
 * Writes a report, atomically replacing an existing one: the file is renamed into place, for
 * Markdown after its picture folder, so readers see either the old or the new report.
 *
 * @throws {FailureError} If the disk is full; an existing report is then kept.
 */
export async function writeReport(document: ReportDocument, place: ReportPlace): Promise<void> {
  const { path, pictures: folder } = place;
  if (folder === null) return await writeFileAtomic(path, reportHtml(document));
  const { markdown, pictures } = reportMarkdown(document, folder.replace(/^.*[\\/]/, ""));
  await sweepTemporaries(folderOf(folder));
  using fresh = await makeTemporaryFolder(folder);
  try {
    for (const { name, bytes } of pictures) await writeFileAtomic(`${fresh.path}/${name}`, bytes);
    await replaceFolder(folder, fresh.path);
  } finally {
    await removeFolder(fresh.path);
  }
  await writeFileAtomic(path, markdown);
}

/** Replaces `folder` by `fresh`. */
async function replaceFolder(folder: string, fresh: string): Promise<void> {
  const old = temporaryPath(folder);
  try {
    await Deno.rename(folder, old);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.rename(fresh, folder);
  await removeFolder(old);
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
