import type { Claim } from "../../theory/theorem.ts";
import type { Block } from "./document.ts";
import { number, twoDigits } from "./format.ts";
import { claimMarkdown, observedText } from "./theorem_page.ts";

/** A table of tested statements with expected and observed values. */
export function claimsTable(label: string, claims: readonly Claim[]): Block {
  return {
    kind: "table",
    label,
    look: "records",
    columns: [
      { name: "claim", align: "left" },
      { name: "expected", align: "right" },
      { name: "observed", align: "right" },
    ],
    rows: claims.map(claimRow),
  };
}

function claimRow(claim: Claim): string[] {
  const { expected, tolerance, pass } = claim;
  return [
    claimMarkdown(claim),
    tolerance === 0 ? number(expected) : `${number(expected)}, within ${twoDigits(tolerance)}`,
    `${observedText(claim)}${pass ? "" : ", **fails**"}`,
  ];
}
