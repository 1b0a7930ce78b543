"""torchdiffeq beside workloads/train_to_gap.ts: gap_torch.py FOLDER autograd|tangents|compiled"""

import json
import sys

import torch

import gap
import serve
from cnf_torch_field import load_field, log_density
from torch_peer import adam, train_step

train, test = (torch.from_numpy(gap.read_points(name)) for name in ("train", "test"))


def prepare(command):
    plan = json.loads(command)
    field = load_field(sys.argv[2], plan["weights"])
    optimizer = adam(field, lr=plan["lr"])

    def loss(rows):
        return lambda: -log_density(field, train[rows], plan["tolerance"]).mean()

    def take_step(rows, lr):
        for group in optimizer.param_groups:
            group["lr"] = lr
        train_step(field, optimizer, loss(torch.from_numpy(rows)), plan["clip"])
        return lambda: None

    @torch.no_grad()
    def test_loss():
        return -log_density(field, test, gap.TEST_TOLERANCE).mean().item()

    loss(slice(0, plan["batchSize"]))().backward()  # compiles
    test_loss()
    return lambda: gap.seconds_to_gap(plan, take_step, test_loss)


def answer(command):
    field = load_field(sys.argv[2], json.loads(command)["weights"])
    with torch.no_grad():
        return [log_density(field, test, gap.TEST_TOLERANCE)]


serve.serve(prepare, answer)
