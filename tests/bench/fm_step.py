"""The peer of fm_step.ts: fm_step.py FOLDER resnet|unet, with model.safetensors and images.f32 there."""

import sys

import torch
from torch import nn

from serve import read_floats, read_state_dict, serve, write_floats
from unet import TimeEmbedding, UNet  # docs/unet.py

FOLDER, NET = sys.argv[1:]
tensors = read_state_dict(f"{FOLDER}/model.safetensors")


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
    if NET == "unet":
        return UNet(1, len(tensors["first.weight"]))
    blocks = sum(name.endswith(".embedding.freqs") for name in tensors)
    return Resnet(len(tensors["first_block.0.weight"]), blocks)


network = fresh()
network.load_state_dict(tensors)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-9)
x1 = read_floats(f"{FOLDER}/images.f32").reshape(-1, 1, 28, 28)


def train():
    x0 = torch.randn_like(x1)
    t = torch.rand(len(x1))
    s = t[:, None, None, None]
    optimizer.zero_grad()
    loss = ((network((1 - s) * x0 + s * x1, t) - (x1 - x0)) ** 2).mean()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    loss.item()


@torch.no_grad()
def forward():
    return network(x1, torch.full((len(x1),), 0.3))


works = {
    "train": train,
    "forward": forward,
    "answer": lambda: write_floats(f"{FOLDER}/answer.f32", forward()),
}
serve(works.__getitem__)
