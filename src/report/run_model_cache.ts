import type { FlowModel } from "../flows/model.ts";
import type { Engines } from "../ode/engines/engines.ts";
import { openDevice } from "../ode/engines/open_device.ts";
import type { Backend, BackendKind, BackendOptions } from "../backends/backend.ts";
import { modelOf } from "../train/run/load_run.ts";
import type { ReportedRun } from "./reported_run.ts";

/** A run's model that can compute. */
export interface OpenModel {
  /** The run's weights that samples are drawn from. */
  readonly model: FlowModel;
  /** To solve with. */
  readonly engines: Engines;
  /** Where it computes; it is tfjs's current backend. */
  readonly backend: Backend;
}

/**
 * Lends the model of one run at a time: tfjs has one current backend, and a run
 * of points may ask for another than a run of images. Dispose it.
 */
export class RunModelCache implements Disposable {
  readonly #request: "auto" | BackendKind;
  readonly #options: BackendOptions;
  #run: ReportedRun | null = null;
  #open: OpenModel | null = null;

  /**
   * @param request `auto` decides for each run.
   * @param options How the backend is opened.
   */
  constructor(request: "auto" | BackendKind, options: BackendOptions = {}) {
    this.#request = request;
    this.#options = options;
  }

  /**
   * The model of `run`; that of another run, lent before, is gone.
   *
   * @throws {InputError} If the backend is not there.
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

  /** Gives the weights and the device back. */
  [Symbol.dispose](): void {
    this.#open?.model.parameters.dispose();
    this.#open?.backend.close();
    this.#open = this.#run = null;
  }
}
