"""What the peers share: Fluxion's files, and the loop that does what standard input asks for.

A line is `hello`, answered after the imports; a command, answered with its time once it has run;
`prepare COMMAND`, which only compiles it; or `answer COMMAND`, for which the result of the same work on
given inputs is written to answer.f32.
"""

import json
import math
import os
import pathlib
import struct
import sys
import time

import numpy as np

FOLDER = sys.argv[1] if len(sys.argv) > 1 else None
THREADS = int(os.environ["OMP_NUM_THREADS"])
# Set by bench:gpu where there is one.
ON_GPU = os.environ.get("FLUXION_BENCH_DEVICE") == "gpu"


def hold_to_cores():
    """XLA takes every core that it may run on: OMP_NUM_THREADS means nothing to it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def read_floats(name):
    return np.fromfile(f"{FOLDER}/{name}.f32", np.float32)


def read_state_dict(name="model"):
    """The float32 tensors of a safetensors file, in its order."""
    data = pathlib.Path(f"{FOLDER}/{name}.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for key, entry in header.items():
        if key != "__metadata__":
            start, end = (8 + length + at for at in entry["data_offsets"])
            numbers = np.frombuffer(data[start:end], np.float32)
            tensors[key] = numbers.reshape(entry["shape"]).copy()
    return tensors


def read_setting():
    return json.loads(pathlib.Path(f"{FOLDER}/setting.json").read_text())


def peak_bytes():
    """Of this process so far; None where there is no /proc.

    Not getrusage's ru_maxrss: Linux starts a program with the peak of the process that started it.
    """
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return None
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def flat(arrays):
    """One vector for answer.f32: the numbers of all arrays in order."""
    on_host = (array.detach().cpu() if hasattr(array, "detach") else array for array in arrays)
    return np.concatenate([np.asarray(array, np.float32).ravel() for array in on_host])


def reply(**turn):
    print(json.dumps({"cpuMs": None, "nfe": None, "peakBytes": peak_bytes(), **turn}), flush=True)


def serve(prepare, answer=None, nfe=lambda: None, steps=1):
    """`prepare(command)` compiles and returns the work, whose time is divided by `steps`.

    Work that measures itself returns its seconds, NaN if it did not reach its end. `answer(command)`
    returns arrays.
    """
    imported, works, prepare_ms = peak_bytes(), {}, {}
    for line in sys.stdin:
        if line.strip() == "hello":
            reply(ms=0)
            continue
        verb, command = split(line.strip())
        if command not in works and verb != "answer":
            begin = time.perf_counter()
            works[command] = prepare(command)
            prepare_ms[command] = 1e3 * (time.perf_counter() - begin)
        if verb == "prepare":
            reply(ms=0)
            continue
        if verb == "answer":
            flat(answer(command)).tofile(f"{FOLDER}/answer.f32")
            reply(ms=0)
            continue
        begin, cpu_begin = time.perf_counter(), time.process_time()
        measured = works[command]()
        seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
        seconds = measured if isinstance(measured, float) else seconds
        reply(
            ms=None if math.isnan(seconds) else 1e3 * seconds / steps,
            cpuMs=1e3 * cpu_seconds / steps,
            nfe=nfe(),
            prepareMs=prepare_ms[command],
            importedBytes=imported,
        )


def split(line):
    """The verb, "" for a timed turn, and the command."""
    for verb in ("prepare", "answer"):
        if line.startswith(f"{verb} "):
            return verb, line.removeprefix(f"{verb} ")
    return "", line
