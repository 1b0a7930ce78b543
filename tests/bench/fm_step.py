"""The peer of fm_step.ts: the same network, batch and work in PyTorch, eager, on its standard input's command."""

import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

NET = sys.argv[1]
FILTERS, BLOCKS, BATCH = (int(a) for a in sys.argv[2:5])

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "docs"))
from unet import UNet  # noqa: E402


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(FILTERS, FILTERS, 1)
        self.b = nn.Conv2d(FILTERS, FILTERS, 3, padding=1)
        self.c = nn.Conv2d(FILTERS, FILTERS, 1)

    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x)))))


class Resnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, FILTERS, 3, padding=1)
        self.blocks = nn.ModuleList([Block() for _ in range(BLOCKS)])
        self.last = nn.Conv2d(FILTERS, 1, 3, padding=1)

    def forward(self, x, t):
        embedding = embed(t)
        h = F.relu(self.first(x))
        for block in self.blocks:
            h = h + block(h + embedding)
        return self.last(F.relu(h))


def embed(t):
    frequencies = torch.arange(FILTERS // 2) + 1.0
    angles = t[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], 1)[:, :, None, None]


network = UNet(1, FILTERS) if NET == "unet" else Resnet()
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
x1 = torch.rand(BATCH, 1, 28, 28)


def train():
    x0 = torch.randn_like(x1)
    t = torch.rand(BATCH)
    s = t[:, None, None, None]
    optimizer.zero_grad()
    loss = ((network((1 - s) * x0 + s * x1, t) - (x1 - x0)) ** 2).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    loss.item()


def forward():
    with torch.no_grad():
        network(x1, torch.rand(BATCH))


for line in sys.stdin:
    threads, work = line.split()
    torch.set_num_threads(int(threads))
    begin = time.perf_counter()
    {"train": train, "forward": forward}[work]()
    print(1e3 * (time.perf_counter() - begin), flush=True)
