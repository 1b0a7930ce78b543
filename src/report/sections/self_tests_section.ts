import type { SelfTestsPart } from "../pages/parts.ts";
import { type PlannedSection, prose, slug, subsection } from "../plan.ts";
import type { SectionContext } from "../section_context.ts";
import { claimsTable } from "../pages/claims_table.ts";

const words = {
  continuousFlow: {
    title: "ODE solver and change of variables",
    markdown:
      "On $dx/dt = \\tfrac12 x + 2\\,(-x_2, x_1)$, a spiral, and on other linear fields the " +
      "solution, the trace and the log-density are known in closed form; for a ConditionalMLP they " +
      "are compared with PyTorch's.",
  },
  flowMatching: {
    title: "Flow matching: path, velocity and loss",
    markdown: "On the path $x_t = t\\,x_1 + (1 - (1 - \\sigma_{\\min})\\,t)\\,x_0$ with " +
      "$\\sigma_{\\min} = 0.1$ and data $x_1 \\sim \\mathcal N(0, 2^2 I)$ the best velocity " +
      "$\\mathbb E[u \\mid x_t]$, its loss and its flow are known in closed form.",
  },
} as const;

/** Plans the self-tests: what was measured beside what was expected. */
export function planSelfTests(
  { title, markdown, tests }: SelfTestsPart,
  { id }: SectionContext,
): PlannedSection {
  const own = id(slug(title));
  const claims = tests.flatMap((test) => test.claims);
  const passed = claims.filter(({ pass }) => pass).length;
  const verdict = `${passed} of ${claims.length} checks pass`;
  return {
    id: own,
    title,
    pieces: [{
      label: title,
      make: () =>
        Promise.resolve([
          prose(markdown),
          passed === claims.length
            ? prose(`**${verdict}.**`)
            : { kind: "notice", markdown: `**Failed:** only ${verdict}.` },
        ]),
    }],
    sections: tests.map(({ name, claims }) =>
      subsection(own, words[name].title, [{
        label: words[name].title,
        make: () =>
          Promise.resolve([
            prose(words[name].markdown),
            claimsTable(`Checks: ${words[name].title}`, claims),
          ]),
      }])
    ),
    outcome: () => verdict,
  };
}
