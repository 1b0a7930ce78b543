/**
 * Fluxion: continuous normalizing flows and flow matching, trained and sampled
 * on WebGPU or on the CPU.
 *
 * Importing this module registers nothing with tfjs, and puts it into production mode: a backend
 * is opened by {@link openDevice}, or by {@link train}.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadRun, logProb, openDevice, sample, train } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const { run } = await train(
 *   { model: "cnf", data: "moons", hidden: 8, batchSize: 32, steps: 2, backend: "cpu" },
 *   { run: `${folder}/moons` },
 * );
 * const { model } = await loadRun(run);
 * const { engines } = await openDevice("cpu");
 * const { samples } = await sample(model, engines, { count: 16, seed: 1 }); // [16, 2]
 * const { logProb: nats } = await logProb(model, engines, samples); // [16]
 * assert.ok(nats.every(Number.isFinite));
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
import "./src/backends/quiet_tfjs.ts";

export * from "./src/core/errors.ts";
export type { Backend, BackendKind, BackendOptions } from "./src/backends/backend.ts";
export { openBackend } from "./src/backends/open_backend.ts";
export type { Work } from "./src/backends/choose_backend.ts";
export * from "./src/core/tensors.ts";
export * from "./src/core/parameters.ts";
export * from "./src/nn/network.ts";
export { type MlpNetwork, mlpNetwork } from "./src/nn/mlp/network.ts";
export type { MlpSizes } from "./src/nn/mlp/sizes.ts";
export { type NetName, netNames } from "./src/nn/named_networks.ts";
export * from "./src/nn/network_kind.ts";
export { registerNetwork } from "./src/nn/registry.ts";
export { type ResnetNetwork, resnetNetwork } from "./src/nn/resnet/network.ts";
export type { ResnetSizes } from "./src/nn/resnet/sizes.ts";
export { type UnetNetwork, unetNetwork } from "./src/nn/unet/network.ts";
export type { UnetSizes } from "./src/nn/unet/sizes.ts";
export { initialParameters } from "./src/nn/init.ts";
export { timeEmbedding } from "./src/nn/time_embedding.ts";
export { applyNetwork } from "./src/nn/apply.ts";
export { defineTableau, type GivenTableau, type Tableau } from "./src/ode/tableau.ts";
export { tableaus } from "./src/ode/tableaus.ts";
export { bosh3 } from "./src/ode/tableaus/bosh3.ts";
export { dopri5 } from "./src/ode/tableaus/dopri5.ts";
export { euler } from "./src/ode/tableaus/euler.ts";
export { midpoint } from "./src/ode/tableaus/midpoint.ts";
export { rk4 } from "./src/ode/tableaus/rk4.ts";
export { rk4Classic } from "./src/ode/tableaus/rk4_classic.ts";
export { tsit5 } from "./src/ode/tableaus/tsit5.ts";
export * from "./src/ode/solver/rows.ts";
export * from "./src/ode/field.ts";
export * from "./src/ode/engines/engine.ts";
export type { PortableBits } from "./src/threads/simd_module.ts";
export { type Engines, enginesInOrder, solveOn } from "./src/ode/engines/engines.ts";
export { type Device, type DeviceOptions, openDevice } from "./src/ode/engines/open_device.ts";
export { solveSelfTest } from "./src/ode/engines/solve_self_test.ts";
export * from "./src/ode/controllers.ts";
export type { Interpolant } from "./src/ode/interpolant.ts";
export type { Late } from "./src/core/late.ts";
export {
  type TensorField,
  tensorField,
  type TensorFieldOptions,
  type TensorVelocity,
} from "./src/ode/engines/portable/tensor_field.ts";
export type { Probes } from "./src/ode/probes.ts";
export {
  fillNormal,
  fillSigns,
  fillUniform,
  permutation,
  type RandomKey,
} from "./src/core/random/random.ts";
export { callerKey } from "./src/core/random/subsequences.ts";
export {
  type DenseOdeintResult,
  type FoundEvent,
  odeint,
  type OdeintEvent,
  type OdeintOptions,
  type OdeintResult,
} from "./src/ode/odeint/odeint.ts";
export { odeintTensors, type OdeintTensorsOptions } from "./src/ode/odeint/odeint_tensors.ts";
export type {
  FoundTensorEvent,
  TensorGradients,
  TensorSolution,
} from "./src/ode/odeint/tensor_solution.ts";
export type { TensorRecord } from "./src/ode/odeint/tensor_dynamics.ts";
export type { TensorEvent } from "./src/ode/odeint/tensor_events.ts";
export type { EventRule } from "./src/ode/odeint/events.ts";
export type {
  OdeintAdaptiveControl,
  OdeintControl,
  OdeintFixedControl,
} from "./src/ode/odeint/options.ts";
export * from "./src/flows/model.ts";
export { newModel, type NewModelOptions } from "./src/flows/new_model.ts";
export {
  categoriesOf,
  type CellNoise,
  dataWidth,
  decimalsOf,
  fitsFloat32,
  isPlane,
  likelihoodConvention,
  logScaleSum,
  logVolumes,
  type ModelRows,
  type PointValues,
  type Standardization,
  type StandardizationKind,
  toData,
  toModel,
} from "./src/flows/standardization.ts";
export type { TriangularFactor } from "./src/core/triangular.ts";
export * from "./src/flows/paths/path.ts";
export { linearPath } from "./src/flows/paths/linear_path.ts";
export { variancePreservingPath } from "./src/flows/paths/variance_preserving_path.ts";
export * from "./src/flows/paths/predictions.ts";
export * from "./src/flows/couplings/coupling.ts";
export { minibatchTransport } from "./src/flows/couplings/minibatch_transport.ts";
export * from "./src/flows/times/time_sampler.ts";
export { uniformTimes } from "./src/flows/times/uniform_times.ts";
export { logitNormalTimes } from "./src/flows/times/logit_normal_times.ts";
export type { Source, SourceRows } from "./src/flows/sources/source.ts";
export { standardNormal } from "./src/flows/sources/standard_normal.ts";
export { eightGaussiansSource } from "./src/flows/sources/eight_gaussians.ts";
export * from "./src/flows/losses/loss.ts";
export {
  type CnfLossAndGradient,
  cnfLossAndGradient,
  type CnfLossSettings,
  likelihoodLoss,
} from "./src/flows/losses/cnf_loss.ts";
export type { EnergyWeights } from "./src/core/options/energy_weights.ts";
export type { EnergyOption } from "./src/ode/energies.ts";
export { flowMatchingLoss, fmLoss, fmLossAndGradient } from "./src/flows/losses/fm_loss.ts";
export type { FlowMatchingOptions } from "./src/flows/losses/fm_draws.ts";
export { type DivergenceTrace, withDivergence } from "./src/flows/divergence.ts";
export {
  type FailedRow,
  logProb,
  type LogProbOptions,
  type LogProbResult,
  type LogProbTerms,
} from "./src/flows/log_prob.ts";
export {
  bitsPerDim,
  type DiscreteLogProb,
  discreteLogProb,
  type DiscreteLogProbOptions,
} from "./src/flows/discrete_log_prob.ts";
export { sample, sampleChunks, type SampleOptions, type Samples } from "./src/flows/sample.ts";
export type { ColumnKind, DequantizedKind } from "./src/data/tables/kinds/column_kind.ts";
export type { TableOptions } from "./src/data/tables/table_builder.ts";
export type {
  ColumnArgument,
  ColumnChoice,
  DroppedColumn,
  TableColumn,
} from "./src/data/tables/columns.ts";
export * from "./src/data/dataset.ts";
export { type OwnPoints, pointDataset } from "./src/data/point_dataset.ts";
export type { ReadStdin } from "./src/data/tables/point_rows.ts";
export { datasetNames } from "./src/data/dataset_names.ts";
export { type DataOptions, openDataset, type OpenOptions } from "./src/data/registry.ts";
export {
  train,
  type TrainEnvironment,
  type TrainResult,
  type TrainSpec,
} from "./src/train/train.ts";
export * from "./src/train/hooks.ts";
export type { TrainingWay } from "./src/train/steps/trainer.ts";
export { type ConfigFile, parseConfigFile } from "./src/train/config/config_file.ts";
export type { FlowValueNames, FlowValues } from "./src/train/config/flow_values.ts";
export { Adam, type AdamSettings, type Moments } from "./src/train/optimizer/optimizer.ts";
export { emaDecay } from "./src/train/optimizer/ema.ts";
export { learningRate, type Schedule } from "./src/train/optimizer/schedule.ts";
export { BatchOrder, datasetWidth, readRows } from "./src/train/batches.ts";
export { solveSettingsOf } from "./src/train/config/solve_settings.ts";
export { type PixelLevels, pixelLevels } from "./src/data/images/pixel_levels.ts";
export type { TrainConfig, TrainOptions } from "./src/train/options/table.ts";
export type { DatasetOpener } from "./src/train/training_plan.ts";
export type { RunMode } from "./src/train/run/run_folder.ts";
export type { RunMetrics } from "./src/train/run/run_metrics.ts";
export type { EvaluationEntry } from "./src/train/run/training_log.ts";
export {
  columnsOf,
  dataOptionsOf,
  type LoadedRun,
  loadRun,
  loadShippedModel,
  type ReadRun,
  readRunConfig,
  readShippedConfig,
  type RunConfig,
  type WeightsChoice,
} from "./src/train/run/load_run.ts";
export {
  type ImportOptions,
  type ImportResult,
  importWeights,
} from "./src/train/weights/import_weights.ts";
