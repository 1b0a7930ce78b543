"""What the peers of workloads/train_to_gap.ts share: the plan of a training, and its loop.

A command is a plan as JSON. The folder has its weights, train.f32 and test.f32.
"""

import math
import sys
import time

import numpy as np

import serve

TEST_TOLERANCE = 1e-5


def read_points(name):
    return serve.read_floats(name).reshape(-1, 2)


def learning_rate(plan, step):
    warmup, horizon = plan["warmup"], plan["steps"]
    if step < warmup:
        return plan["lr"] * (step + 1) / warmup
    return plan["lr"] / 2 * (1 + math.cos(math.pi * (step - warmup) / (horizon - warmup)))


def seconds_to_gap(plan, take_step, test_loss):
    """Of training alone. NaN where the gap is never reached.

    `take_step(rows, lr)` may return before it is done; `test_loss()` waits.
    """
    count, size = len(read_points("train")), plan["batchSize"]
    seconds, step, random = 0.0, 0, np.random.default_rng(0)
    while step < plan["steps"]:
        begin = time.perf_counter()
        order = random.permutation(count)
        for at in range(0, min(count // size, plan["steps"] - step) * size, size):
            done = take_step(order[at : at + size], learning_rate(plan, step))
            step += 1
        done()
        seconds += time.perf_counter() - begin
        gap = test_loss() - plan["trueLoss"]
        print(f"{sys.argv[0]}: step {step}, {seconds:.1f} s, gap {gap:.3f}", file=sys.stderr)
        if gap <= plan["gap"]:
            return seconds
    return math.nan
