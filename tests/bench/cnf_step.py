"""The peer of cnf_step.ts: cnf_step.py FOLDER, with model.safetensors and points.f32 there."""

import sys

import torch
from torchdiffeq import odeint, odeint_adjoint

from cnf_field import Field, log_density, train_step
from serve import read_floats, serve, write_floats

FOLDER = sys.argv[1]
TOLERANCE, CLIP = 1e-5, 5.0

field = Field(f"{FOLDER}/model.safetensors")
optimizer = torch.optim.Adam(field.parameters(), lr=1e-9)
points = read_floats(f"{FOLDER}/points.f32").reshape(-1, 2)


@torch.no_grad()
def log_prob():
    write_floats(f"{FOLDER}/answer.f32", log_density(field, points, TOLERANCE))


@torch.no_grad()
def sample():
    times = torch.tensor([1.0, 0.0])
    odeint(field, torch.randn_like(points), times, rtol=TOLERANCE, atol=TOLERANCE, method="dopri5")


def work_named(line):
    field.nfe = 0
    name, *numbers = line.split()
    if name in ("train", "adjoint"):
        solver = odeint if name == "train" else odeint_adjoint
        batch = points[: int(numbers[0])]
        return lambda: train_step(field, optimizer, batch, TOLERANCE, CLIP, solver)
    return {"log-prob": log_prob, "sample": sample}[name]


serve(work_named, lambda: field.nfe)
