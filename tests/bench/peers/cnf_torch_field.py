"""Fluxion's ConditionalMLP and its likelihood in PyTorch and torchdiffeq."""

import math

import torch
from torch import nn
from torchdiffeq import odeint

import serve
import torch_peer
from unet import TimeEmbedding  # docs/unet.py


class Field(nn.Module):
    """The velocity, and the change of log-density with it, in one of three ways.

    autograd: the trace by reverse mode, as the examples of torchdiffeq have it.
    tangents: forward tangents by hand, all of them in one product per layer.
    compiled: the same under torch.compile.
    """

    def __init__(self, hidden, dims, way):
        super().__init__()
        self.x_proj = nn.Linear(dims, hidden)
        self.t_proj = TimeEmbedding(hidden)
        self.backbone = nn.Sequential(
            nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
            nn.Linear(hidden, dims),
        )
        self.nfe = 0
        # [n, dims] for Hutchinson's estimate; None for the exact trace.
        self.probe = None
        change = self.by_autograd if way == "autograd" else self.by_tangents
        compiles = way == "compiled"
        self.slopes = torch.compile(change, dynamic=False) if compiles else change
        self.slope = torch.compile(self.velocity, dynamic=False) if compiles else self.velocity

    def velocity(self, t, z):
        return self.backbone(torch.tanh(self.x_proj(z) + self.t_proj(t.reshape(1))))

    def forward(self, t, state):
        """Of points alone, or of points with the change of their log-density."""
        self.nfe += 1
        if torch.is_tensor(state):
            return self.slope(t, state)
        return self.slopes(t, state[0], self.probe)

    def by_tangents(self, t, z, probe):
        first, last = self.x_proj.weight, self.backbone[4]
        h = torch.tanh(self.x_proj(z) + self.t_proj(t.reshape(1)))
        slope = 1 - h * h
        tangents = slope * (first.T[:, None] if probe is None else probe @ first.T)
        for layer in (self.backbone[0], self.backbone[2]):
            pushed = tangents.reshape(-1, h.shape[1]) @ layer.weight.T
            h = torch.tanh(layer(h))
            tangents = (1 - h * h) * pushed.reshape(tangents.shape)
        if probe is None:
            trace = torch.einsum("dnh,dh->n", tangents, last.weight)
        else:
            trace = ((tangents @ last.weight.T) * probe).sum(1)
        return last(h), -trace[:, None]

    def by_autograd(self, t, z, probe):
        graph = torch.is_grad_enabled()
        with torch.enable_grad():
            z = z if z.requires_grad else z.detach().requires_grad_(True)
            f = self.velocity(t, z)

            def pulled(cotangent):
                options = {"create_graph": graph, "retain_graph": True}
                return torch.autograd.grad(f, z, cotangent, **options)[0]

            if probe is not None:
                trace = (pulled(probe) * probe).sum(1)
            else:
                units = torch.eye(z.shape[1])
                trace = sum(pulled(e.expand_as(z))[:, d] for d, e in enumerate(units))
        return (f, -trace[:, None]) if graph else (f.detach(), -trace[:, None].detach())


def load_field(way, name="model"):
    """A field with the weights of a file in the folder."""
    tensors = serve.read_state_dict(name)
    hidden, dims = tensors["x_proj.weight"].shape
    return torch_peer.load(Field(hidden, dims, way), name)


def log_density(field, x, tolerance, solver=odeint):
    """log p(x) in nats, from a dopri5 solve whose step sizes are the whole batch's.

    torchdiffeq's norm over a tuple is the larger of its parts' RMS.
    """
    state, times = (x, torch.zeros(len(x), 1)), torch.tensor([0.0, 1.0])
    z, change = solver(field, state, times, rtol=tolerance, atol=tolerance, method="dopri5")
    return -(z[-1] ** 2).sum(1) / 2 - z.shape[2] / 2 * math.log(2 * math.pi) - change[-1][:, 0]
