"""torchdiffeq beside workloads/cnf_step.ts: cnf_torch.py FOLDER autograd|tangents|compiled

The folder has setting.json, model.safetensors, points.f32, noise.f32 and probes.f32.
"""

import functools
import sys

import torch
from torchdiffeq import odeint, odeint_adjoint

import serve
import torch_peer
from cnf_torch_field import load_field, log_density
from torch_peer import adam, loss_and_gradient, read, train_step

CLIP = 5.0

setting = serve.read_setting()
tolerance, dims = setting["tolerance"], setting["dims"]
field = load_field(sys.argv[2])
optimizer = adam(field)
points, noise, probes = (read(name).reshape(-1, dims) for name in ("points", "noise", "probes"))
# The error of the parameters' gradient is not controlled: it feeds nothing back, and is faster.
adjoint = functools.partial(odeint_adjoint, adjoint_options={"norm": "seminorm"})
solvers = {"train": odeint, "adjoint": adjoint}


def fresh_probes(n):
    if setting["trace"] == "exact":
        return None
    return torch.randint(0, 2, (n, dims)).float() * 2 - 1


def given_probes(n):
    return None if setting["trace"] == "exact" else probes[:n]


def loss(n, solver):
    return lambda: -log_density(field, points[:n], tolerance, solver).mean()


def sampled(start):
    times = torch.tensor([1.0, 0.0])
    z = odeint(field, start, times, rtol=tolerance, atol=tolerance, method="dopri5")
    return z[-1]


def work_of(command):
    name, *numbers = command.split()
    if name in solvers:
        (n,) = map(int, numbers)

        def train():
            field.probe = fresh_probes(n)
            train_step(field, optimizer, loss(n, solvers[name]), CLIP)

        return train

    @torch.no_grad()
    def infer():
        if name == "sample":
            sampled(torch.randn_like(points))
        else:
            field.probe = fresh_probes(len(points))
            log_density(field, points, tolerance)

    return infer


def prepare(command):
    work = work_of(command)
    work()  # compiles

    def counted():
        field.nfe = 0
        work()
        torch_peer.wait()

    return counted


def answer(command):
    name, *numbers = command.split()
    if name in solvers:
        (n,) = map(int, numbers)
        field.probe = given_probes(n)
        return loss_and_gradient(field, loss(n, solvers[name]))
    with torch.no_grad():
        if name == "sample":
            return [sampled(noise)]
        field.probe = given_probes(len(points))
        return [log_density(field, points, tolerance)]


serve.serve(prepare, answer, nfe=lambda: field.nfe)
