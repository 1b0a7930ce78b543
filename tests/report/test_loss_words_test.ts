import assert from "node:assert/strict";
import { testLossWords } from "../../src/report/sections/training_section.ts";

const tests = [
  { step: 10, epoch: 1, testLoss: 3, validationLoss: 2 },
  { step: 20, epoch: 2, testLoss: 1.5, validationLoss: 1 },
  { step: 30, epoch: 3, testLoss: 1.75, validationLoss: 1.25 },
];

Deno.test("testLossWords() tells the last test loss from that of the kept weights", () => {
  assert.equal(
    testLossWords(tests, " nats"),
    "The test loss went from 3 to 1.750 nats in the last step; that of the kept weights is 1.500 nats.",
  );
  const words = "The test loss went from 3 to 1.500.";
  assert.equal(testLossWords(tests.slice(0, 2), ""), words);
  const unvalidated = tests.slice(0, 2).map(({ step, epoch, testLoss }) => ({
    step,
    epoch,
    testLoss,
  }));
  assert.equal(testLossWords(unvalidated, ""), words);
});
