import { panelsPlot } from "../../plot/panels_plot.ts";
import type { Claim } from "../../theory/theorem.ts";
import { commandLine } from "../../core/command_line.ts";
import type { Block } from "../pages/document.ts";
import type { TheoremPart } from "../pages/parts.ts";
import { claimMarkdown, withoutTitle } from "../pages/theorem_page.ts";
import { foldedSubsection, type PlannedSection, prose, slug } from "../plan.ts";
import { figure } from "../run_context.ts";
import type { SectionContext } from "../section_context.ts";
import { plain } from "../pages/format.ts";
import { claimsTable } from "../pages/claims_table.ts";

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
  const failed = claims.filter(({ pass }) => !pass);
  return {
    id: own,
    title: heading,
    pieces: [
      {
        label: theorem.title,
        make: () => Promise.resolve([prose(theorem.brief), ...verdictBlocks(verdict, failed)]),
      },
    ],
    sections: [
      foldedSubsection(own, "Proof", [{
        label: `proof of ${theorem.name}`,
        make: () => Promise.resolve([prose(withoutTitle(theorem.derivation))]),
      }]),
      foldedSubsection(own, "The check", [{
        label: `picture of ${theorem.name}`,
        make: async () => {
          const panels = await theorem.panels(check);
          return [
            await figure({
              draw: (size) => panelsPlot(panels, size),
              // The description is for everybody; read once.
              alt: "The check in pictures, described below.",
              caption: plain(theorem.alt),
              command: commandLine([...args, "--out", theorem.name]),
            }),
          ];
        },
      }, {
        label: `claims of ${theorem.name}`,
        make: () =>
          Promise.resolve([
            prose(
              "A program put the theorem to the test. A check can fail: it detects a wrong sign " +
                "or a dropped factor.",
            ),
            claimsTable(`Claims of ${theorem.name}`, claims),
            {
              kind: "commands",
              items: [{
                words: "Check it again, with all measurements",
                command: commandLine([...args, "--json"]),
              }],
            },
          ]),
      }]),
    ],
    outcome: () => verdict,
    results: () => [{ kind: "theorem", id: own, title: heading, verdict }],
  };
}

/** The verdict in one line, and the claims that failed. */
function verdictBlocks(verdict: string, failed: readonly Claim[]): Block[] {
  if (failed.length === 0) return [prose(`**Checked numerically:** ${verdict}.`)];
  const names = failed.map(claimMarkdown).join("; ");
  return [{ kind: "notice", markdown: `**The check fails:** ${verdict}. Failed: ${names}.` }];
}
