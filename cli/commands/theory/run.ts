import { openDevice } from "@fluxion/fluxion/program";
import { commandLine, FailureError, InputError } from "@fluxion/fluxion/core";
import { sweepTemporaries, writeFileAtomic } from "@fluxion/fluxion/files";
import { markdownToText, wrapText } from "@fluxion/fluxion/page";
import { compactPng, withText } from "@fluxion/fluxion/plot";
import { givenNumber, observedText, theoremPage } from "@fluxion/fluxion/report";
import {
  type Claim,
  loadTheorem,
  type Theorem,
  type TheoremCheck,
  type TheoremName,
} from "@fluxion/fluxion/theory";
import { pictureText } from "../../command_line.ts";
import type { TheoryFlags } from "./flags.ts";
import { version } from "../../version.ts";
import { interruptible } from "../../process/interrupt.ts";
import { exists, isFolder, shownPath, userPath } from "../../paths.ts";
import { columns } from "../../terminal/columns.ts";
import { paint, printLine, speaker, writeResult } from "../../terminal/terminal.ts";

/** Maximum line width, for readability on wide terminals. */
const MAX_WIDTH = 100;

/** `fluxion theory NAME`. */
export async function theory(flags: TheoryFlags, name: TheoremName): Promise<void> {
  const messages = { notice: "stopping", outcome: "interrupted; nothing was written" };
  await interruptible(messages, () => checkAndPrint(flags, name));
}

async function checkAndPrint(flags: TheoryFlags, name: TheoremName): Promise<void> {
  const say = speaker(flags);
  const files = flags.out === undefined ? null : await freeFiles(flags.out, name, flags);
  const theorem = await loadTheorem(name);
  const seed = flags.seed ?? 0;
  const device = await openDevice(flags.backend);
  const { backend } = device;
  try {
    const readable = !flags.json && files === null;
    const { title, brief, derivation } = theorem;
    const text = flags.brief ? `# ${title}\n\n${brief}` : derivation;
    const look = {
      width: Deno.stdout.isTerminal() ? Math.max(20, Math.min(MAX_WIDTH, columns())) : 80,
      color: Deno.stdout.isTerminal() && !Deno.noColor,
    };
    if (readable) writeResult(markdownToText(text, look));
    say(`${name}: checking its claims ...`);
    const check = await theorem.check({ seed, backend });
    if (flags.json) printLine(JSON.stringify(check));
    if (readable) {
      writeResult(flags.brief ? `\n${verdict(check)}\n` : claimsText(check, look.width));
    }
    if (files !== null) {
      const colophon = `Made by Fluxion ${version}; backend ${backend.kind}, seed ${seed}.`;
      await writeFiles(theorem, check, { ...files, colophon });
      say(`${name}: ${verdict(check)}`);
      if (!flags.json) {
        for (const path of [files.picture, files.page]) printLine(shownPath(path));
      }
    }
    requirePass(check);
  } finally {
    device.close();
  }
}

/** Output paths of the picture and the page. */
interface Files {
  readonly folder: string;
  readonly picture: string;
  readonly page: string;
}

/** @throws {InputError} If `out` is a file, or one of the files exists and must not be replaced. */
async function freeFiles(out: string, name: TheoremName, flags: TheoryFlags): Promise<Files> {
  const folder = userPath(out);
  if (await exists(folder) && !(await isFolder(folder))) {
    throw new InputError(`--out ${out}: is a file; name a folder`);
  }
  const files = { folder, picture: `${folder}/${name}.png`, page: `${folder}/${name}.html` };
  for (const path of [files.picture, files.page]) {
    if (await isFolder(path)) {
      throw new InputError(`--out ${out}: ${shownPath(path)} is a folder; name another`);
    }
    if (!flags.overwrite && await exists(path)) {
      throw new InputError(
        `--out ${out}: ${shownPath(path)} exists; pass --overwrite to replace it`,
      );
    }
  }
  return files;
}

async function writeFiles(
  theorem: Theorem,
  check: TheoremCheck,
  { folder, picture, page, colophon }: Files & { readonly colophon: string },
): Promise<void> {
  const drawn = withText(compactPng(await theorem.picture(check)), pictureText());
  const html = theoremPage(theorem, {
    check,
    picture: drawn,
    command: commandLine(Deno.args),
    colophon,
  });
  await Deno.mkdir(folder, { recursive: true });
  await sweepTemporaries(folder);
  await writeFileAtomic(picture, drawn);
  await writeFileAtomic(page, new TextEncoder().encode(html));
}

/** Formats the claims with their measured values. */
function claimsText(check: TheoremCheck, width: number): string {
  const lines = ["", paint("bold", "The check", Deno.stdout), "─".repeat(9), ""];
  for (const claim of check.claims) {
    const [first, ...rest] = wrapText(claim.statement, width - 6);
    const mark = claim.pass
      ? paint("green", "pass", Deno.stdout)
      : paint("red", "FAIL", Deno.stdout);
    lines.push(`${mark}  ${first}`, ...rest.map((line) => `      ${line}`));
    lines.push(...wrapText(figures(claim), width - 6).map((line) => `      ${line}`));
  }
  lines.push("", verdict(check));
  return lines.map((line) => `${line}\n`).join("");
}

/** Formats a claim's observed value, expected value and tolerance. */
function figures(claim: Claim): string {
  return `observed ${observedText(claim)}, expected ${givenNumber(claim.expected)}, ` +
    `tolerance ${givenNumber(claim.tolerance)}`;
}

function verdict({ claims }: TheoremCheck): string {
  return `${claims.filter(({ pass }) => pass).length} of ${claims.length} claims hold`;
}

/** @throws {FailureError} If a claim fails. */
export function requirePass(check: TheoremCheck): void {
  const failed = check.claims.filter(({ pass }) => !pass);
  if (check.pass && failed.length === 0) return;
  const first = failed[0] === undefined ? "" : `: ${failed[0].statement} (${figures(failed[0])})`;
  throw new FailureError(`theory ${check.name}: ${verdict(check)}; failed${first}`);
}
