import assert from "node:assert/strict";
import { errorMethod } from "../../src/ode/error_method.ts";
import { odeint } from "../../src/ode/odeint/odeint.ts";
import { defineTableau, type Tableau } from "../../src/ode/tableau.ts";
import { tableaus } from "../../src/ode/tableaus.ts";

Deno.test("errorMethod() steps by the difference of a method and its embedded one", async () => {
  for (const method of Object.values(tableaus)) {
    const { name, order, c, a, b, bError } = method;
    if (bError === null) {
      assert.throws(() => errorMethod(method), { message: `${name} has no error estimate` });
      continue;
    }
    const embedded = defineTableau({
      ...{ name: "embedded", order, c, a, b: b.map((weight, i) => weight - bError[i]!) },
    });
    const y0 = 0.7;
    const step = async (tableau: Tableau) => {
      const field = (t: number, y: Float64Array) => [Math.cos(3 * t) * y[0]! ** 2 + t];
      const { y } = await odeint(field, [y0], [0.2, 0.7], {
        ...{ tableau, control: { kind: "fixed", steps: 1 } },
      });
      return y[0]!;
    };
    const expected = await step(method) - await step(embedded);
    const found = await step(errorMethod(method)) - y0;
    assert.ok(Math.abs(expected) > 1e-8, `${name}: ${expected}`);
    assert.ok(Math.abs(found - expected) < 1e-14, `${name}: ${found}, not ${expected}`);
  }
});
