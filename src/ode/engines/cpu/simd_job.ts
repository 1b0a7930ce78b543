/**
 * A job of the SIMD engine as it lies in the shared memory: what the program writes there and
 * the WebAssembly module reads. Both read the places here, in bytes from the job's beginning;
 * all are int32 or addresses unless they say otherwise.
 */

/** The network, as class Net in kernels/mlp_field/simd.part.as.ts has it. */
export const jobNet = 0;
/** Dimension of the points. */
export const jobDims = 0;
/** Width of the network. */
export const jobHidden = 4;
/** Directions of the trace: dims with unit vectors, 1 with probes, 0 without a trace. */
export const jobDirections = 8;
/** 1 where the directions are one probe a row. */
export const jobProbed = 12;
/** 1: products by wide tiles, which give the same bits. */
export const jobWide = 76;
/** Bytes at {@link jobPrepared}, as simd_layout.ts counts them. */
export const jobPreparedBytes = 80;
/** 1 where the scratch memory is for pull-backs, of either gradient; a solve needs less. */
export const jobPulls = 84;
/** Rows [n, width] of the problem. */
export const jobRows = 96;
/** Columns of the state: dims, and one more with a trace. */
export const jobWidth = 100;
/** Rows of a control group; the last one may have fewer. */
export const jobGroupRows = 104;
/** Stages of the method. */
export const jobStages = 108;
/** Its order. */
export const jobOrder = 112;
/** 1 where the last stage is the next step's first. */
export const jobFirstSameAsLast = 116;
/** 1 where the tableau has weights for the middle of a step. */
export const jobHasMiddle = 120;
/** Fixed steps; 0: adaptive. */
export const jobSteps = 124;
/** Accepted and rejected steps a group may take. */
export const jobMaxSteps = 128;
/** 1: every accepted step leaves a record. */
export const jobKeepsRecords = 132;
/** Times whose states are wanted. */
export const jobTimeCount = 136;
/** float64: c, b, bError, bMid [stages] each, then a [stages, stages]. */
export const jobTableau = 140;
/** float32, flat, in device order. */
export const jobParameters = 144;
/** Room for what `prepare` makes of the parameters. */
export const jobPrepared = 148;
/** float32 [n, width]. */
export const jobY0 = 152;
/** float32 [n, width]: the states at t1. */
export const jobY1 = 156;
/** float32 [n, dims], or 0. */
export const jobProbes = 160;
/** float64 [timeCount]. */
export const jobTimes = 164;
/** float32 [timeCount, n, width]: the states at the times. */
export const jobTimeStates = 168;
/** A report of {@link reportBytes} a group. */
export const jobReports = 172;
/** uint32 [groups]: each group's last record. */
export const jobLastRecords = 176;
/** Scratch memory of the first thread; those of the others follow. */
export const jobScratch = 180;
/** Scratch memory of a thread. */
export const jobScratchBytes = 184;
/** Counts the groups, or the partial sums, that a thread has taken. */
export const jobNextItem = 188;
/** The first of the chunks in which records lie; each begins with the address of the next. */
export const jobChunks = 192;
/** How many more chunks may be taken for activations. */
export const jobChunksLeft = 196;
/** float32 [n, width]: the cotangent of y1. */
export const jobCotangent = 200;
/** float32 [n, width]: receives the cotangent of y0. */
export const jobOfY0 = 204;
/** Number of partial sums of the parameters' cotangent. */
export const jobPartialSums = 208;
/** float32 [partialSums, parameters]; the first becomes the total. */
export const jobGradients = 212;
/** 0, or why the job was given up: one of the next two. */
export const jobFailed = 216;
/** Memory for records was refused. */
export const memoryRefused = 1;
/** It was asked to stop. */
export const stopped = 2;
/** 1 where the state is (y, cotangent of y), twice as wide, and the solve is the adjoint's. */
export const jobAdjoint = 220;
/** float64: where the solve begins. */
export const jobT0 = 224;
/** float64: where it ends. */
export const jobT1 = 232;
/** float64. */
export const jobRtol = 240;
/** float64. */
export const jobAtol = 248;
/** Bytes of a job. */
export const jobBytes = 256;

/** Bytes of a group's report: int32 nfe, accepted, rejected, failure (below); float64 t, h. */
export const reportBytes = 32;
/** Kinds of failure. */
export const noFailure = 0;
/** A smaller step would not change t. */
export const stepSizeUnderflow = 1;
/** The field or the state is not finite. */
export const nonFinite = 2;
/** The budget of steps is spent. */
export const maxStepsReached = 3;

/** Address of the list of free chunks, 64 behind `wordsAt`; the words before hold its lock. */
export const freeChunks = 65600;
/** Bytes of a chunk, a whole number of pages of WebAssembly memory. */
export const chunkBytes = 2097152;
