import assert from "node:assert/strict";
import { DispatchForecast } from "../../../../src/train/steps/gpu/dispatch_forecast.ts";

const adaptive = { kind: "adaptive", rtol: 1e-3, atol: 1e-3 } as const;

Deno.test("DispatchForecast follows the attempts of the last steps, with room", () => {
  const forecast = new DispatchForecast({ cap: 64, control: adaptive, maxSteps: 10_000 });
  assert.equal(forecast.count, 1);
  forecast.learn(40);
  assert.equal(forecast.count, 1);
  forecast.learn(60); // 75 with room
  assert.equal(forecast.count, 2);
  for (let step = 0; step < 20; step++) forecast.learn(10);
  assert.equal(forecast.count, 1);
});

Deno.test("DispatchForecast doubles up to what the budget of steps may need", () => {
  const forecast = new DispatchForecast({ cap: 64, control: adaptive, maxSteps: 300 });
  const counts: number[] = [];
  do counts.push(forecast.count); while (forecast.double());
  assert.deepEqual(counts, [1, 2, 4, 5]); // 301 attempts: the last finds the budget spent
});

Deno.test("DispatchForecast knows what fixed steps need", () => {
  const control = { kind: "fixed", steps: 65 } as const;
  const forecast = new DispatchForecast({ cap: 64, control, maxSteps: 10_000 });
  assert.equal(forecast.count, 2);
  forecast.learn(1000);
  assert.equal(forecast.count, 2);
  assert.equal(forecast.double(), false);
});
