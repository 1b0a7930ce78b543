import type { FlowModel } from "../flows/model.ts";
import type { Engines } from "../ode/engines/engines.ts";
import { openDevice } from "../ode/engines/open_device.ts";
import type { Backend, BackendKind, BackendOptions } from "../backends/backend.ts";
import { modelOf } from "../train/run/load_run.ts";
import type { ReportedRun } from "./reported_run.ts";

/** A run's model on an open backend. */
export interface OpenModel {
  /** The model with the run's sampling weights. */
  readonly model: FlowModel;
  /** Engines of the backend. */
  readonly engines: Engines;
  /** The open backend, which is tfjs's current one. */
  readonly backend: Backend;
}

/**
 * Keeps the model of one run open at a time: tfjs has a single current backend, and runs of points
 * and of images may need different ones. Must be disposed.
 */
export class RunModelCache implements Disposable {
  readonly #request: "auto" | BackendKind;
  readonly #options: BackendOptions;
  #run: ReportedRun | null = null;
  #open: OpenModel | null = null;

  /**
   * @param request Backend; `auto` chooses per run.
   * @param options Options for opening the backend.
   */
  constructor(request: "auto" | BackendKind, options: BackendOptions = {}) {
    this.#request = request;
    this.#options = options;
  }

  /**
   * Opens the model of `run`; disposes that of the previous run.
   *
   * @throws {InputError} If the backend is not available.
   */
  async of(run: ReportedRun): Promise<OpenModel> {
    if (this.#run === run && this.#open !== null) return this.#open;
    this[Symbol.dispose]();
    const { backend, engines } = await openDevice(this.#request, {
      ...this.#options,
      work: run.dataset.kind,
    });
    const model = modelOf(run, run.weights);
    this.#run = run;
    this.#open = { model, engines, backend };
    return this.#open;
  }

  /** Disposes the weights and closes the backend. */
  [Symbol.dispose](): void {
    this.#open?.model.parameters.dispose();
    this.#open?.backend.close();
    this.#open = this.#run = null;
  }
}
