import assert from "node:assert/strict";
import { explained, verdict } from "../../cli/terminal/errors.ts";
import { InputError } from "../../src/core/errors.ts";
import { backendTest } from "../support/backends.ts";
import { losableDevice } from "../support/losable_device.ts";

backendTest("explained() says that a device was lost, of an error that names its buffers", [
  "webgpu",
], async (backend) => {
  backend.close();
  const { opened, lose } = await losableDevice();
  const thrown = new DOMException("Buffer with '' label is invalid", "OperationError");
  assert.equal(await explained(thrown), thrown);
  lose();
  const { message, exitCode } = verdict(await explained(thrown));
  assert.match(message!, /^WebGPU \(.*\): the device was lost \(the driver was reset\); restart/);
  assert.equal(exitCode, 1);
  // Errors that say themselves what happened stay.
  const typed = new InputError("--n 0: expected a whole number of at least 1");
  assert.equal(await explained(typed), typed);
  opened.close();
});
