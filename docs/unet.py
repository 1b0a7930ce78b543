"""The U-Net of `fluxion train fm --net unet` as a PyTorch module.

A run's `model.safetensors` loads into it:

    from safetensors.torch import load_file
    model = UNet(channels=1, filters=32)
    model.load_state_dict(load_file("runs/fm-mnist-0001/model.safetensors"))
    velocity = model(images, t)   # images [n, channels, h, w], t [n]

and its state_dict, saved with safetensors, is what `fluxion import fm` reads.
"""

import math

import torch
from torch import nn
import torch.nn.functional as F

GROUP_CHANNELS = 4


class TimeEmbedding(nn.Module):
    """(sin(k pi t), k = 1..width/2; cos(k pi t), k = 1..width/2)."""

    def __init__(self, width):
        super().__init__()
        self.register_buffer("freqs", torch.arange(1, width // 2 + 1) * math.pi)

    def forward(self, t):
        angles = t[:, None] * self.freqs
        return torch.cat([angles.sin(), angles.cos()], dim=1)


def group_norm(channels):
    """Each four channels of an image together."""
    return nn.GroupNorm(channels // GROUP_CHANNELS, channels)


def start_at_zero(layer):
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    """skip(x) + conv2(SiLU(norm2(conv1(SiLU(norm1(x))) + time(e))))."""

    def __init__(self, inputs, outputs, time):
        super().__init__()
        self.norm1 = group_norm(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time = nn.Linear(time, outputs)
        self.norm2 = group_norm(outputs)
        self.conv2 = start_at_zero(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, e):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h + self.time(e)[:, :, None, None])))
        return self.skip(x) + h


class UNet(nn.Module):
    """Velocity of images [n, channels, h, w] at times t [n].

    `filters` (a multiple of 4) at full size, twice as many at half and a quarter. Sides
    that are not multiples of four get zeros at the right and below.
    """

    def __init__(self, channels=1, filters=32):
        super().__init__()
        full, half, time = filters, 2 * filters, 2 * filters
        self.time = nn.Sequential(TimeEmbedding(filters), nn.Linear(filters, time), nn.SiLU())
        self.first = nn.Conv2d(channels, full, 3, padding=1)
        self.down = nn.ModuleList([Block(full, full, time), Block(full, half, time)])
        self.middle = nn.ModuleList([Block(half, half, time), Block(half, half, time)])
        self.up = nn.ModuleList([Block(2 * half, half, time), Block(2 * full, full, time)])
        self.narrow = nn.Conv2d(half, full, 1)
        self.last_norm = group_norm(full)
        self.last = start_at_zero(nn.Conv2d(full, channels, 3, padding=1))

    def forward(self, x, t):
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % 4, 0, -height % 4))
        e = self.time(t)
        h0 = self.down[0](self.first(x), e)
        h1 = self.down[1](F.avg_pool2d(h0, 2), e)
        h = F.avg_pool2d(h1, 2)
        for block in self.middle:
            h = block(h, e)
        h = self.up[0](torch.cat([double(h), h1], dim=1), e)
        h = self.up[1](torch.cat([double(self.narrow(h)), h0], dim=1), e)
        h = self.last(F.silu(self.last_norm(h)))
        return h[:, :, :height, :width]


def double(images):
    return F.interpolate(images, scale_factor=2, mode="nearest")
