/**
 * What an error of the system means, where that has a remedy of its own. The runtime names few of
 * them by a class; the others have the system's number in their message.
 */
export type SystemFault =
  /** No room on the disk, or in the user's quota. */
  | "full"
  /** Beyond the largest file that the process may write, or the file system takes. */
  | "tooLarge"
  /** The device failed, as when a flush does not reach it. */
  | "device"
  /** A file or folder is not there, or not any more. */
  | "gone"
  | "nameTooLong"
  | "readOnly"
  /** Links that lead to each other. */
  | "linkLoop"
  /** The process or the system has no more open files. */
  | "tooManyFiles";

/**
 * What Linux and macOS number alike. EIO is a terminal's too, once it is closed.
 *
 * Sources: errno(3) of Linux, of macOS; winerror.h.
 */
const posix: Readonly<Record<number, SystemFault>> = {
  5: "device",
  23: "tooManyFiles",
  24: "tooManyFiles",
  27: "tooLarge",
  28: "full",
  30: "readOnly",
};

const numbers: Readonly<
  Record<"linux" | "darwin" | "windows", Readonly<Record<number, SystemFault>>>
> = {
  linux: {
    ...posix,
    36: "nameTooLong",
    40: "linkLoop",
    116: "gone",
    122: "full",
  },
  darwin: {
    ...posix,
    62: "linkLoop",
    63: "nameTooLong",
    69: "full",
    70: "gone",
  },
  windows: {
    4: "tooManyFiles",
    19: "readOnly",
    39: "full",
    112: "full",
    206: "nameTooLong",
    223: "tooLarge",
  },
};

/** The fault of an error; null for one that is not the system's, or not of this list. */
export function systemFault(error: unknown): SystemFault | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof Deno.errors.NotFound) return "gone";
  const number = Number(/os error (\d+)/.exec(error.message)?.[1]);
  const { os } = Deno.build;
  return numbers[os === "windows" || os === "darwin" ? os : "linux"][number] ?? null;
}

/** The system's own words, without the call and the path that the runtime adds. */
export function systemWords(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/: [a-z]+ '.*'$/s, "");
}
