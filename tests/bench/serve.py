"""What the peers share: Fluxion's files, and the loop that times what standard input asks for."""

import array
import json
import os
import pathlib
import struct
import sys
import time

import torch

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "docs"))


def read_floats(path):
    numbers = array.array("f")
    numbers.frombytes(pathlib.Path(path).read_bytes())
    return torch.tensor(numbers)


def write_floats(path, tensor):
    pathlib.Path(path).write_bytes(array.array("f", tensor.flatten().tolist()).tobytes())


def read_state_dict(path):
    """The float32 tensors of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + at for at in entry["data_offsets"])
        numbers = array.array("f")
        numbers.frombytes(data[start:end])
        tensors[name] = torch.tensor(numbers).reshape(entry["shape"])
    return tensors


def peak_bytes():
    """Of this process so far; None where there is no /proc.

    Not getrusage's ru_maxrss: Linux starts a program with the peak of the process that started it.
    """
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return None
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def answer(ms, cpu_ms, nfe=None):
    turn = {"ms": ms, "cpuMs": cpu_ms, "nfe": nfe, "peakBytes": peak_bytes()}
    print(json.dumps(turn), flush=True)


def serve(work_named, nfe=lambda: None):
    """Does the work that each line names; answers with its time, and `nfe` where it is known."""
    for line in sys.stdin:
        work = work_named(line.strip())
        begin, cpu_begin = time.perf_counter(), time.process_time()
        work()
        seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
        answer(1e3 * seconds, 1e3 * cpu_seconds, nfe())
