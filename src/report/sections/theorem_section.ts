import { compactPng } from "../../plot/encoding/compact_png.ts";
import type { Claim } from "../../theory/theorem.ts";
import { commandLine } from "../../core/command_line.ts";
import type { Block } from "../pages/document.ts";
import type { TheoremPart } from "../pages/parts.ts";
import { type PlannedSection, prose, slug } from "../plan.ts";
import type { SectionContext } from "../section_context.ts";
import { number, plain, withError } from "../pages/format.ts";

/** Plans a theorem's section: derivation, check and picture. */
export function planTheorem(
  { title, theorem, check }: TheoremPart,
  { seed, id }: SectionContext,
): PlannedSection {
  const heading = title ?? theorem.title;
  const own = id(slug(theorem.name));
  const args = ["theory", theorem.name, ...(seed === 0 ? [] : ["--seed", String(seed)])];
  const { claims } = check;
  const passed = claims.filter(({ pass }) => pass).length;
  const verdict = `${passed} of ${claims.length} claims hold`;
  return {
    id: own,
    title: heading,
    pieces: [{
      label: theorem.title,
      make: () => Promise.resolve([prose(withoutTitle(theorem.derivation))]),
    }],
    sections: [{
      id: `${own}-check`,
      title: "The check",
      pieces: [{
        label: `picture of ${theorem.name}`,
        make: async (): Promise<Block[]> => [
          prose(
            `A program checks the theorem numerically: ${verdict}. All figures: ` +
              `\`${commandLine([...args, "--json"])}\``,
          ),
          {
            kind: "table",
            columns: [
              { name: "claim", align: "left" },
              { name: "expected", align: "right" },
              { name: "observed", align: "right" },
            ],
            rows: claims.map(claimRow),
          },
          {
            kind: "figure",
            picture: {
              bytes: compactPng(await theorem.picture(check)),
              format: "png",
              alt: theorem.alt,
              look: "chart",
            },
            caption: plain(theorem.alt),
            command: commandLine([...args, "--out", theorem.name]),
          },
        ],
      }],
      sections: [],
      outcome: () => null,
    }],
    outcome: () => verdict,
  };
}

function claimRow({ statement, expected, observed, stdErr, tolerance, pass }: Claim): string[] {
  const measured = stdErr === null ? number(observed) : withError(observed, stdErr);
  return [
    plain(statement),
    tolerance === 0 ? number(expected) : `${number(expected)}, within ${brief(tolerance)}`,
    `${measured}${pass ? "" : ", **fails**"}`,
  ];
}

/** A tolerance to two significant digits. */
function brief(tolerance: number): string {
  return number(Number(tolerance.toPrecision(2))).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** The derivation without its first heading, which the section's title replaces. */
function withoutTitle(markdown: string): string {
  return markdown.replace(/^\s*# [^\n]*\n/, "");
}
