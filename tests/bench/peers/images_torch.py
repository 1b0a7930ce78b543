"""PyTorch beside workloads/image_step.ts: images_torch.py FOLDER eager|fused|last|compiled|compiled-last

fused: Adam in one kernel, as in all the others but eager. last: channels_last.
"""

import sys

import torch
from torch import nn

import serve
import torch_peer
from torch_peer import adam, load, loss_and_gradient, read, train_step
from unet import TimeEmbedding, UNet  # docs/unet.py

WAY = sys.argv[2]
CLIP = 1.0


class Block(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.embedding = TimeEmbedding(filters)
        self.block = nn.Sequential(
            nn.Conv2d(filters, filters, 1), nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(),
            nn.Conv2d(filters, filters, 1),
        )

    def forward(self, x, t):
        return x + self.block(x + self.embedding(t)[:, :, None, None])


class Resnet(nn.Module):
    """Fluxion's ConditionedSimpleResnet."""

    def __init__(self, filters, blocks):
        super().__init__()
        self.first_block = nn.Sequential(nn.Conv2d(1, filters, 3, padding=1), nn.ReLU())
        self.layers = nn.ModuleList([Block(filters) for _ in range(blocks)])
        self.last_block = nn.Sequential(nn.ReLU(), nn.Conv2d(filters, 1, 3, padding=1))

    def forward(self, x, t):
        h = self.first_block(x)
        for layer in self.layers:
            h = layer(h, t)
        return self.last_block(h)


def fresh():
    tensors, net = serve.read_state_dict(), serve.read_setting()["net"]
    if net == "unet":
        return UNet(1, len(tensors["first.weight"]))
    blocks = sum(name.endswith(".embedding.freqs") for name in tensors)
    return Resnet(len(tensors["first_block.0.weight"]), blocks)


layout = torch.channels_last if "last" in WAY else torch.contiguous_format
module = load(fresh()).to(memory_format=layout)
network = torch.compile(module, dynamic=False) if "compiled" in WAY else module
optimizer = adam(module, fused=WAY != "eager")
x1, noise = (
    read(name).reshape(-1, 1, 28, 28).contiguous(memory_format=layout)
    for name in ("images", "noise")
)
times = read("times")


def loss_at(x0, t):
    s = t[:, None, None, None]
    return ((network((1 - s) * x0 + s * x1, t) - (x1 - x0)) ** 2).mean()


def train():
    x0, t = torch.randn_like(x1), torch.rand(len(x1))
    train_step(module, optimizer, lambda: loss_at(x0, t), CLIP)
    torch_peer.wait()


@torch.no_grad()
def forward():
    return network(x1, torch.full((len(x1),), 0.3))


def prepare(command):
    work = {"train": train, "forward": forward}[command]
    work()  # compiles
    return work


def answer(command):
    if command == "forward":
        return [forward()]
    return loss_and_gradient(module, lambda: loss_at(noise, times))


serve.serve(prepare, answer)
