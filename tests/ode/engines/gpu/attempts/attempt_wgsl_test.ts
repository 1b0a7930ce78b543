import assert from "node:assert/strict";
import {
  commitProgram,
  controlEvents,
  controlProgram,
  inputKinds,
  inputProgram,
  squaredKinds,
  squaresProgram,
} from "../../../../../src/ode/engines/gpu/attempts/attempt_wgsl.ts";

Deno.test("shaders of attempts have a constant for each name of each record", () => {
  const records = { INPUT: inputKinds, SQUARED: squaredKinds, EVENT: controlEvents };
  const expected = Object.entries(records).flatMap(([record, values]) =>
    Object.entries(values).map(([name, value]) => `${record}_${name.toUpperCase()} ${value}`)
  );
  for (const { code } of [inputProgram, squaresProgram, controlProgram, commitProgram]) {
    const constants = [...code.matchAll(/const ((?:INPUT|SQUARED|EVENT)_\w+) = (\d+)u;/g)];
    assert.deepEqual(constants.map(([, name, value]) => `${name} ${value}`), expected);
  }
});
