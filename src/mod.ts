/**
 * The whole library for programs that seldom need tensors, as the command line: tfjs is loaded with the
 * first work that does. Functions of tensors work from then on; in programs of your own import the
 * package itself, which loads tfjs at once.
 *
 * @module
 */
export * from "./core/errors.ts";
export type { Backend, BackendKind, BackendOptions } from "./backends/backend.ts";
export { openBackend } from "./backends/open_backend.ts";
export type { Work } from "./backends/choose_backend.ts";
export * from "./core/tensors.ts";
export * from "./core/parameters.ts";
export * from "./nn/network.ts";
export { type MlpNetwork, mlpNetwork } from "./nn/mlp/network.ts";
export type { MlpSizes } from "./nn/mlp/sizes.ts";
export { type NetName, netNames } from "./nn/named_networks.ts";
export * from "./nn/network_kind.ts";
export { registerNetwork } from "./nn/registry.ts";
export { type ResnetNetwork, resnetNetwork } from "./nn/resnet/network.ts";
export type { ResnetSizes } from "./nn/resnet/sizes.ts";
export { type UnetNetwork, unetNetwork } from "./nn/unet/network.ts";
export type { UnetSizes } from "./nn/unet/sizes.ts";
export { initialParameters } from "./nn/init.ts";
export { timeEmbedding } from "./nn/time_embedding.ts";
export { applyNetwork } from "./nn/apply.ts";
export { defineTableau, type GivenTableau, type Tableau } from "./ode/tableau.ts";
export { tableaus } from "./ode/tableaus.ts";
export { bosh3 } from "./ode/tableaus/bosh3.ts";
export { dopri5 } from "./ode/tableaus/dopri5.ts";
export { euler } from "./ode/tableaus/euler.ts";
export { midpoint } from "./ode/tableaus/midpoint.ts";
export { rk4 } from "./ode/tableaus/rk4.ts";
export { rk4Classic } from "./ode/tableaus/rk4_classic.ts";
export { tsit5 } from "./ode/tableaus/tsit5.ts";
export * from "./ode/solver/rows.ts";
export * from "./ode/field.ts";
export * from "./ode/engines/engine.ts";
export type { PortableBits } from "./threads/simd_module.ts";
export { type Engines, enginesInOrder, readSolution, solveOn } from "./ode/engines/engines.ts";
export { type Device, type DeviceOptions, openDevice } from "./ode/engines/open_device.ts";
export { solveSelfTest } from "./ode/engines/solve_self_test.ts";
export * from "./ode/controllers.ts";
export type { Interpolant } from "./ode/interpolant.ts";
export type { Late } from "./core/late.ts";
export {
  type TensorField,
  tensorField,
  type TensorFieldOptions,
  type TensorVelocity,
} from "./ode/engines/portable/tensor_field.ts";
export type { Probes } from "./ode/probes.ts";
export {
  fillNormal,
  fillSigns,
  fillUniform,
  permutation,
  type RandomKey,
} from "./core/random/random.ts";
export { callerKey } from "./core/random/subsequences.ts";
export {
  type DenseOdeintResult,
  type FoundEvent,
  odeint,
  type OdeintEvent,
  type OdeintOptions,
  type OdeintResult,
} from "./ode/odeint/odeint.ts";
export { odeintTensors, type OdeintTensorsOptions } from "./ode/odeint/odeint_tensors.ts";
export type {
  FoundTensorEvent,
  TensorGradients,
  TensorSolution,
} from "./ode/odeint/tensor_solution.ts";
export type { TensorRecord } from "./ode/odeint/tensor_dynamics.ts";
export type { TensorEvent } from "./ode/odeint/tensor_events.ts";
export type { EventRule } from "./ode/odeint/events.ts";
export type {
  OdeintAdaptiveControl,
  OdeintControl,
  OdeintFixedControl,
} from "./ode/odeint/options.ts";
export * from "./flows/model.ts";
export { newModel, type NewModelOptions } from "./flows/new_model.ts";
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
} from "./flows/standardization.ts";
export type { TriangularFactor } from "./core/numbers/triangular.ts";
export * from "./flows/paths/path.ts";
export { linearPath } from "./flows/paths/linear_path.ts";
export { variancePreservingPath } from "./flows/paths/variance_preserving_path.ts";
export * from "./flows/paths/predictions.ts";
export * from "./flows/couplings/coupling.ts";
export { minibatchTransport } from "./flows/couplings/minibatch_transport.ts";
export * from "./flows/times/time_sampler.ts";
export { uniformTimes } from "./flows/times/uniform_times.ts";
export { logitNormalTimes } from "./flows/times/logit_normal_times.ts";
export type { Source, SourceRows } from "./flows/sources/source.ts";
export { standardNormal } from "./flows/sources/standard_normal.ts";
export { eightGaussiansSource } from "./flows/sources/eight_gaussians.ts";
export * from "./flows/losses/loss.ts";
export {
  type CnfLossAndGradient,
  cnfLossAndGradient,
  likelihoodLoss,
} from "./flows/losses/cnf_loss.ts";
export type { CnfLossSettings } from "./flows/likelihood_problem.ts";
export type { EnergyWeights } from "./core/options/energy_weights.ts";
export type { EnergyOption } from "./ode/energies.ts";
export { flowMatchingLoss, fmLoss, fmLossAndGradient } from "./flows/losses/fm_loss.ts";
export type { FlowMatchingOptions } from "./flows/losses/fm_draws.ts";
export { type DivergenceTrace, withDivergence } from "./flows/divergence.ts";
export {
  type FailedRow,
  logProb,
  type LogProbOptions,
  type LogProbResult,
  type LogProbTerms,
} from "./flows/log_prob.ts";
export {
  bitsPerDim,
  type DiscreteLogProb,
  discreteLogProb,
  type DiscreteLogProbOptions,
} from "./flows/discrete_log_prob.ts";
export { sample, sampleChunks, type SampleOptions, type Samples } from "./flows/sample.ts";
export type { ColumnKind, DequantizedKind } from "./data/tables/kinds/column_kind.ts";
export type { TableOptions } from "./data/tables/table_builder.ts";
export type {
  ColumnArgument,
  ColumnChoice,
  DroppedColumn,
  TableColumn,
} from "./data/tables/columns.ts";
export * from "./data/dataset.ts";
export { type OwnPoints, pointDataset } from "./data/point_dataset.ts";
export type { ReadStdin } from "./data/tables/point_rows.ts";
export { datasetNames } from "./data/dataset_names.ts";
export { type DataOptions, openDataset, type OpenOptions } from "./data/registry.ts";
export { type BackendChoice, choiceReason } from "./train/backend_choice/backend_choice.ts";
export {
  type EngineTimes,
  type EngineTimesFile,
  knownTimes,
} from "./train/backend_choice/engine_times.ts";
export { type StepShape } from "./train/backend_choice/step_shape.ts";
export type { ProgramUse } from "./backends/device_use.ts";
export type { StepUse } from "./train/backend_choice/step_use.ts";
export { type TypicalStep, typicalSteps } from "./train/backend_choice/typical_steps.ts";
export { train, type TrainEnvironment, type TrainResult, type TrainSpec } from "./train/train.ts";
export * from "./train/hooks.ts";
export type { TrainingWay } from "./train/steps/trainer.ts";
export { type ConfigFile, parseConfigFile } from "./train/config/config_file.ts";
export type { FlowValueNames, FlowValues } from "./train/config/flow_values.ts";
export { Adam, type AdamSettings, type Moments } from "./train/optimizer/optimizer.ts";
export { emaDecay } from "./train/optimizer/ema.ts";
export { learningRate, type Schedule } from "./train/optimizer/schedule.ts";
export { BatchOrder, datasetWidth, readRows } from "./train/batches.ts";
export { solveSettingsOf } from "./train/config/solve_settings.ts";
export { type PixelLevels, pixelLevels } from "./data/images/pixel_levels.ts";
export type { TrainConfig, TrainOptions } from "./train/options/table.ts";
export type { DatasetOpener } from "./train/training_plan.ts";
export type { RunMode } from "./train/run/run_folder.ts";
export type { RunMetrics } from "./train/run/run_metrics.ts";
export type { EvaluationEntry } from "./train/run/training_log.ts";
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
} from "./train/run/load_run.ts";
export {
  type ImportOptions,
  type ImportResult,
  importWeights,
} from "./train/weights/import_weights.ts";
