"""The peer of cnf_step.ts: the same network, weights, points and work in PyTorch and torchdiffeq."""

import array
import sys
import time

import torch
from torchdiffeq import odeint, odeint_adjoint

FOLDER, HIDDEN, BATCH = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
TOLERANCE = 1e-5


def read(name, *shape):
    numbers = array.array("f")
    with open(f"{FOLDER}/{name}", "rb") as file:
        numbers.frombytes(file.read())
    return torch.tensor(numbers).reshape(*shape)


class Field(torch.nn.Module):
    """Weights in Fluxion's order: x W + b, layer after layer."""

    def __init__(self, with_trace):
        super().__init__()
        flat, at, layers = read("weights.f32", -1), 0, []
        for inputs, outputs in ((2, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 2)):
            layer = torch.nn.Linear(inputs, outputs)
            size = inputs * outputs
            layer.weight.data = flat[at : at + size].reshape(inputs, outputs).t().contiguous()
            layer.bias.data = flat[at + size : at + size + outputs].clone()
            at += size + outputs
            layers.append(layer)
        self.layers = torch.nn.ModuleList(layers)
        self.frequencies = torch.pi * torch.arange(1, HIDDEN // 2 + 1)
        self.with_trace = with_trace
        self.nfe = 0

    def velocity(self, t, z):
        angles = t * self.frequencies
        first, *hidden, last = self.layers
        h = torch.tanh(first(z) + torch.cat([angles.sin(), angles.cos()]))
        for layer in hidden:
            h = torch.tanh(layer(h))
        return last(h)

    def forward(self, t, state):
        self.nfe += 1
        if not self.with_trace:
            return self.velocity(t, state)
        z = state[0]
        graph = torch.is_grad_enabled()
        with torch.enable_grad():
            z = z if z.requires_grad else z.detach().requires_grad_(True)
            f = self.velocity(t, z)
            trace = 0
            for d in range(2):
                trace = trace + torch.autograd.grad(
                    f[:, d].sum(), z, create_graph=graph, retain_graph=True
                )[0][:, d]
        return (f, -trace[:, None]) if graph else (f.detach(), -trace[:, None].detach())


points = read("points.f32", -1, 2)
field, sampled = Field(True), Field(False)
optimizer = torch.optim.Adam(field.parameters(), lr=1e-9)
settings = dict(rtol=TOLERANCE, atol=TOLERANCE, method="dopri5")


def solve(solver, x):
    times = torch.tensor([0.0, 1.0])
    z, change = solver(field, (x, torch.zeros(len(x), 1)), times, **settings)
    return -(z[-1] ** 2).sum(1) / 2 - torch.log(torch.tensor(2 * torch.pi)) - change[-1][:, 0]


def train(solver):
    optimizer.zero_grad()
    loss = -solve(solver, points[:BATCH]).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(field.parameters(), 5.0)
    optimizer.step()
    loss.item()


def log_prob():
    with torch.no_grad():
        log_p = solve(odeint, points[:1024])
    array.array("f", log_p.tolist()).tofile(open(f"{FOLDER}/log_prob.f32", "wb"))


def sample():
    with torch.no_grad():
        odeint(sampled, points[:1024], torch.tensor([1.0, 0.0]), **settings)


work = {
    "train": lambda: train(odeint),
    "adjoint": lambda: train(odeint_adjoint),
    "log-prob": log_prob,
    "sample": sample,
}
cpu_ms = 0.0
for line in sys.stdin:
    threads, name = line.split()
    if name == "nfe":
        print(field.nfe + sampled.nfe, flush=True)
        continue
    if name == "cpu":
        print(cpu_ms, flush=True)
        continue
    torch.set_num_threads(int(threads))
    field.nfe = sampled.nfe = 0
    begin, cpu_begin = time.perf_counter(), time.process_time()
    work[name]()
    cpu_ms = 1e3 * (time.process_time() - cpu_begin)
    print(1e3 * (time.perf_counter() - begin), flush=True)
