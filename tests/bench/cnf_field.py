"""Fluxion's ConditionalMLP and its likelihood in PyTorch and torchdiffeq."""

import math

import torch
from torch import nn
from torchdiffeq import odeint

from serve import read_state_dict
from unet import TimeEmbedding  # docs/unet.py


class Field(nn.Module):
    """The state_dict is Fluxion's model.safetensors."""

    def __init__(self, weights):
        super().__init__()
        tensors = read_state_dict(weights)
        hidden, dims = tensors["x_proj.weight"].shape
        self.x_proj = nn.Linear(dims, hidden)
        self.t_proj = TimeEmbedding(hidden)
        self.backbone = nn.Sequential(
            nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
            nn.Linear(hidden, dims),
        )
        self.load_state_dict(tensors)
        self.nfe = 0

    def velocity(self, t, z):
        return self.backbone(torch.tanh(self.x_proj(z) + self.t_proj(t.reshape(1))))

    def forward(self, t, state):
        """Of points alone, or of points with the change of their log-density."""
        self.nfe += 1
        if torch.is_tensor(state):
            return self.velocity(t, state)
        z = state[0]
        graph = torch.is_grad_enabled()
        with torch.enable_grad():
            z = z if z.requires_grad else z.detach().requires_grad_(True)
            f = self.velocity(t, z)
            trace = 0
            for d in range(z.shape[1]):
                trace = trace + torch.autograd.grad(
                    f[:, d].sum(), z, create_graph=graph, retain_graph=True
                )[0][:, d]
        return (f, -trace[:, None]) if graph else (f.detach(), -trace[:, None].detach())


def log_density(field, x, tolerance, solver=odeint):
    """log p(x) in nats, from a dopri5 solve whose step sizes are the whole batch's."""
    state, times = (x, torch.zeros(len(x), 1)), torch.tensor([0.0, 1.0])
    z, change = solver(field, state, times, rtol=tolerance, atol=tolerance, method="dopri5")
    return -(z[-1] ** 2).sum(1) / 2 - z.shape[2] / 2 * math.log(2 * math.pi) - change[-1][:, 0]


def train_step(field, optimizer, x, tolerance, clip, solver=odeint):
    optimizer.zero_grad()
    loss = -log_density(field, x, tolerance, solver).mean()
    loss.backward()
    nn.utils.clip_grad_norm_(field.parameters(), clip)
    optimizer.step()
    loss.item()
