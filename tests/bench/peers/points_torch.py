"""PyTorch beside workloads/point_step.ts and point_sample.ts: points_torch.py FOLDER eager|fused|compiled"""

import sys

import torch
from torchdiffeq import odeint

import serve
from cnf_torch_field import load_field
from torch_peer import adam, loss_and_gradient, read, train_step

WAY = sys.argv[2]
CLIP = 1.0
TOLERANCE = 1e-5

setting = serve.read_setting()
field = load_field("compiled" if WAY == "compiled" else "tangents")


class Network(torch.nn.Module):
    """The field at a time per point."""

    def __init__(self):
        super().__init__()
        self.field = field

    def forward(self, x, t):
        h = torch.tanh(self.field.x_proj(x) + self.field.t_proj(t))
        return self.field.backbone(h)


network = torch.compile(Network(), dynamic=False) if WAY == "compiled" else Network()
optimizer = adam(field, fused=WAY != "eager")
points, noise, times = read("points").reshape(-1, 2), read("noise").reshape(-1, 2), read("times")


def loss_at(x0, x1, t):
    s = t[:, None]
    return ((network((1 - s) * x0 + s * x1, t) - (x1 - x0)) ** 2).mean()


def train(steps=setting["steps"]):
    for _ in range(steps):
        x1 = points[torch.randint(0, len(points), (setting["batchSize"],))]
        x0, t = torch.randn_like(x1), torch.rand(len(x1))
        train_step(field, optimizer, lambda: loss_at(x0, x1, t), CLIP, reads=False)


@torch.no_grad()
def sampled(z, method):
    if method == "dopri5":
        ends = torch.tensor([0.0, 1.0])
        return odeint(field, z, ends, rtol=TOLERANCE, atol=TOLERANCE, method="dopri5")[-1]
    steps = setting["eulerSteps"]
    for i in range(steps):
        z = z + field(torch.tensor(i / steps), z) / steps
    return z


def prepare(command):
    if command == "train":
        train(steps=1)  # compiles
        return train
    n = setting["samples"]
    with torch.no_grad():
        field(torch.tensor(0.0), torch.randn(n, 2))  # compiles

    def sample():
        field.nfe = 0
        sampled(torch.randn(n, 2), command)

    return sample


def answer(command):
    if command == "train":
        n = len(noise)
        return loss_and_gradient(field, lambda: loss_at(noise, points[:n], times))
    return [sampled(noise, command)]


serve.serve(prepare, answer, nfe=lambda: field.nfe or None, steps=setting["steps"])
