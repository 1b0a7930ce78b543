"""Flow matching on moons and 5,000 samples as a whole program in PyTorch: cold_torch.py FOLDER fused|compiled"""

import json
import math
import sys

import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import nn

import serve
from torch_peer import adam, train_step

plan = serve.read_setting()
hidden, size, steps = plan["hidden"], plan["batchSize"], plan["steps"]
rows, _ = make_moons(plan["rows"], noise=0.1, random_state=0)
data = torch.from_numpy(rows.astype(np.float32))
freqs = torch.arange(1, hidden // 2 + 1) * math.pi


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, hidden)
        self.rest = nn.Sequential(
            nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
            nn.Linear(hidden, 2),
        )

    def forward(self, x, t):
        angles = t * freqs
        return self.rest(torch.tanh(self.first(x) + torch.cat([angles.sin(), angles.cos()], 1)))


def rate(step):
    """Of the learning rate: a linear warm-up, then a cosine to zero."""
    if step < plan["warmup"]:
        return step / plan["warmup"]
    return (1 + math.cos(math.pi * (step - plan["warmup"]) / (steps - plan["warmup"]))) / 2


module = Network()
network = torch.compile(module, dynamic=False) if sys.argv[2] == "compiled" else module
optimizer = adam(module, lr=plan["lr"])
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
average = [parameter.detach().clone() for parameter in module.parameters()]
for _ in range(steps):
    x1 = data[torch.randint(0, len(data), (size,))]
    x0, t = torch.randn_like(x1), torch.rand(size, 1)
    loss = lambda: ((network((1 - t) * x0 + t * x1, t) - (x1 - x0)) ** 2).mean()
    train_step(module, optimizer, loss, plan["clip"], reads=False)
    schedule.step()
    torch._foreach_lerp_(average, [p.detach() for p in module.parameters()], 1 - plan["ema"])
with torch.no_grad():
    for parameter, value in zip(module.parameters(), average):
        parameter.copy_(value)
    z, euler = torch.randn(plan["samples"], 2), plan["eulerSteps"]
    for i in range(euler):
        z = z + module(z, torch.full((len(z), 1), i / euler)) / euler
serve.flat([z]).tofile(f"{serve.FOLDER}/answer.f32")
print(json.dumps({"peakBytes": serve.peak_bytes()}))
