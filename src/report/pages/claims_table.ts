import type { Claim } from "../../theory/theorem.ts";
import type { Block } from "./document.ts";
import { number, withError } from "./format.ts";
import { claimMarkdown } from "./theorem_page.ts";

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
  const { expected, observed, stdErr, tolerance, pass } = claim;
  const measured = stdErr === null ? number(observed) : withError(observed, stdErr);
  return [
    claimMarkdown(claim),
    tolerance === 0 ? number(expected) : `${number(expected)}, within ${brief(tolerance)}`,
    `${measured}${pass ? "" : ", **fails**"}`,
  ];
}

/** A tolerance to two significant digits. */
function brief(tolerance: number): string {
  return number(Number(tolerance.toPrecision(2))).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}
