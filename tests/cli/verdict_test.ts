import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import { shownPath, userFolder, userPath } from "../../cli/paths.ts";
import { verdict } from "../../cli/terminal/errors.ts";

/** Errors as the runtime throws them, with what people read and the exit code. */
const faults: readonly (readonly [error: Error, message: string, exitCode: number])[] = [
  [
    new Deno.errors.NotFound("No such file or directory (os error 2): stat 'runs/a b/x'"),
    "runs/a b/x: missing, or removed meanwhile",
    1,
  ],
  [
    new Deno.errors.NotADirectory("Not a directory (os error 20): mkdir 'a/b'"),
    "a/b: a part of the path is a file; choose a place that you may read and write",
    2,
  ],
  [
    new Deno.errors.PermissionDenied("Permission denied (os error 13)"),
    "the system refuses: permission denied; choose a place that you may read and write",
    2,
  ],
  [
    new Error("Too many levels of symbolic links (os error 40): stat 'loop'"),
    "loop: symbolic links form a loop; choose another path",
    2,
  ],
  [
    new Error("No space left on device (os error 28): rename 'a' -> 'b'"),
    "a: no room left on the disk; free some space",
    1,
  ],
  [
    new Error("Device or resource busy (os error 16): rename 'a' -> 'b'"),
    "a: Device or resource busy (unexpected; --debug shows where)",
    1,
  ],
  [new Error("no system's"), "no system's (unexpected; --debug shows where)", 1],
  [new InputError("x: is wrong"), "x: is wrong", 2],
];

if (Deno.build.os === "linux") {
  Deno.test("verdict() says a system error in words: the path, what it is, what to do", () => {
    for (const [error, message, exitCode] of faults) {
      assert.deepEqual(verdict(error), { message, exitCode });
    }
  });
}

Deno.test("verdict() shows a path that begins above the user's folder as it was typed", () => {
  const paths = ["../a b/points.csv", "../../x", "sub/../x"];
  const said = verdict(new InputError(paths.map(userPath).join(": no such file, "))).message!;
  assert.equal(
    said,
    `../a b/points.csv: no such file, ../../x: no such file, sub/../x`,
  );
  // Names that go on are others.
  const longer = `${userPath("../a b/points.csv")}.gz`;
  assert.equal(verdict(new InputError(longer)).message, longer);
  // Another folder's path that only ends like this one.
  const other = `/other${userPath("../../x")}`;
  assert.equal(verdict(new InputError(other)).message, other);
});

Deno.test("userPath() leaves out `..`, except behind a link, whose parent is elsewhere", () => {
  const here = userFolder(), above = here.replace(/\/[^/]*$/, "");
  assert.equal(userPath("../b.csv"), `${above}/b.csv`);
  assert.equal(shownPath(`${above}/b.csv`), "../b.csv");
  assert.equal(userPath("sub/../x"), `${here}/x`);
  assert.equal(shownPath(`${here}/x`), "x");
  assert.equal(userPath(".."), above);
  assert.equal(userPath("./a/./b..c/."), `${here}/a/b..c`);
  assert.equal(userPath("/../x/../y"), "/y");
  const folder = Deno.makeTempDirSync({ prefix: "fluxion-paths-" });
  try {
    new Deno.Command("sh", { args: ["-c", 'ln -s /usr "$0/link"', folder] }).outputSync();
    assert.equal(userPath(`${folder}/link/../x`), `${folder}/link/../x`);
    assert.equal(userPath(`${folder}/none/../x`), `${folder}/x`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
