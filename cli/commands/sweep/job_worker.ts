import { Stopped, stopWord } from "@fluxion/fluxion/core";
import { withSignal } from "../../process/interrupt.ts";
import { Interrupted, verdict } from "../../terminal/errors.ts";
import { trainOptionsOf } from "../train/flags.ts";
import { trainRun } from "../train/run.ts";
import type { JobMessage, JobOrder } from "./job_messages.ts";

/** The scope of a worker. */
interface WorkerScope {
  postMessage(message: JobMessage): void;
  onmessage: ((event: MessageEvent<JobOrder>) => void) | null;
}

/** Trains the runs that the sweep's main thread orders, one after another. */
export function serveJobs(): void {
  const scope = self as unknown as WorkerScope;
  const controller = new AbortController();
  scope.onmessage = async ({ data: order }) => {
    if (order.kind === "stop") return controller.abort();
    const { model, flags } = order;
    const progress = {
      update({ done, total }: { readonly done: number; readonly total: number }) {
        scope.postMessage({ kind: "progress", step: done, steps: total });
      },
      clear: () => {},
    };
    const { signal } = controller;
    try {
      await withSignal(signal, () => trainRun(model, flags, { shown: progress }));
      scope.postMessage({ kind: "finished" });
    } catch (error) {
      const isStopped = error instanceof Stopped || error instanceof Interrupted ||
        signal.aborted && error === signal.reason;
      if (isStopped) return scope.postMessage({ kind: "interrupted" });
      const { message, exitCode } = verdict(error, trainOptionsOf(model));
      scope.postMessage({
        kind: "failed",
        message: message ?? "ended without a message",
        exitCode,
      });
    }
  };
  scope.postMessage({ kind: "ready", stopWord });
}
