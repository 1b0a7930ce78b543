/**
 * A training process that kills itself at a call that changes the disk: `_killed_training.ts N ARGS`
 * runs `fluxion ARGS` and is killed just before call number N, from 1; a write is half done. With
 * N = 0 it survives, and its last line is the number of calls.
 */
import { runProgram } from "../../cli/program.ts";

const [point, ...args] = Deno.args;
const fatal = Number(point);
let calls = 0;

/** Counts a call; does not return from the fatal one. */
function pass(half: () => void = () => {}): void {
  if (++calls !== fatal) return;
  half();
  Deno.kill(Deno.pid, "SIGKILL");
  // The signal may take a moment, during which nothing else may happen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const file = Deno.FsFile.prototype;
const { write, writeSync, sync, syncSync } = file;
file.write = function (bytes) {
  pass(() => writeSync.call(this, bytes.subarray(0, bytes.length / 2)));
  return write.call(this, bytes);
};
file.writeSync = function (bytes) {
  pass(() => writeSync.call(this, bytes.subarray(0, bytes.length / 2)));
  return writeSync.call(this, bytes);
};
file.sync = function () {
  pass();
  return sync.call(this);
};
file.syncSync = function () {
  pass();
  return syncSync.call(this);
};
const { open, rename, mkdir, remove } = Deno;
Deno.open = (path, options) => {
  // Folders are opened to be flushed.
  if (options?.create || options?.createNew) pass();
  return open(path, options);
};
Deno.rename = (...paths) => {
  pass();
  return rename(...paths);
};
Deno.mkdir = (...given) => {
  pass();
  return mkdir(...given);
};
Deno.remove = (...given) => {
  pass();
  return remove(...given);
};

const code = await runProgram(args);
if (code !== 0) throw new Error(`exit code ${code}`);
console.log(calls);
