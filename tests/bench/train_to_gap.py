"""The peer of train_to_gap.ts: train_to_gap.py FOLDER, with weights, train.f32 and test.f32 there.

Each line of its input is a plan of training as JSON.
"""

import json
import math
import sys
import time

import torch

from cnf_field import Field, log_density, train_step
from serve import answer, read_floats

FOLDER = sys.argv[1]
TOLERANCE = 1e-4
train, test = (read_floats(f"{FOLDER}/{name}.f32").reshape(-1, 2) for name in ("train", "test"))


def learning_rate(plan, step):
    warmup, horizon = plan["warmup"], plan["steps"]
    if step < warmup:
        return plan["lr"] * (step + 1) / warmup
    return plan["lr"] / 2 * (1 + math.cos(math.pi * (step - warmup) / (horizon - warmup)))


def ms_to_gap(plan):
    """Training alone is counted. None where the gap is never reached."""
    field = Field(f"{FOLDER}/{plan['weights']}")
    optimizer = torch.optim.Adam(field.parameters())
    seconds, step, size = 0.0, 0, plan["batchSize"]
    while step < plan["steps"]:
        begin = time.perf_counter()
        order = torch.randperm(len(train))
        for at in range(0, min(len(train) // size, plan["steps"] - step) * size, size):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(plan, step)
            train_step(field, optimizer, train[order[at : at + size]], TOLERANCE, plan["clip"])
            step += 1
        seconds += time.perf_counter() - begin
        with torch.no_grad():
            loss = -log_density(field, test, 1e-5).mean().item()
        gap = loss - plan["trueLoss"]
        print(f"torchdiffeq: step {step}, {seconds:.1f} s, gap {gap:.3f}", file=sys.stderr)
        if gap <= plan["gap"]:
            return 1e3 * seconds
    return None


for line in sys.stdin:
    answer(ms_to_gap(json.loads(line)), None)
