"""PyTorch as a peer: its threads, Fluxion's weights, and what a training step has in common."""

import pathlib
import sys

import torch
import torch._dynamo.config
import torch._functorch.config
from torch import nn

import serve

torch.set_num_threads(serve.THREADS)
DEVICE = "cuda" if serve.ON_GPU and torch.cuda.is_available() else "cpu"
torch.set_default_device(DEVICE)
# Convolutions would round their factors to ten bits by default.
torch.backends.cudnn.allow_tf32 = False
# A solve goes through the same compiled field many times before it is differentiated, and the
# adjoint differentiates it with its graph kept.
torch._functorch.config.donated_buffer = False
torch._dynamo.config.cache_size_limit = 64
sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "docs"))  # unet.py

LEARNING_RATE = 1e-9  # every turn repeats the same step


def read(name):
    return torch.from_numpy(serve.read_floats(name)).to(DEVICE)


def wait():
    """Until the device has done what it was given."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def load(module, name="model"):
    """The weights of one of Fluxion's files, strictly."""
    tensors = {key: torch.from_numpy(value) for key, value in serve.read_state_dict(name).items()}
    module.load_state_dict(tensors)
    return module


def adam(module, fused=True, lr=LEARNING_RATE):
    return torch.optim.Adam(module.parameters(), lr=lr, fused=fused)


def train_step(module, optimizer, loss_of, clip, reads=True):
    """Loss, gradient, clipping and Adam; the loss as a number if it `reads` it."""
    optimizer.zero_grad()
    loss = loss_of()
    loss.backward()
    if clip:
        nn.utils.clip_grad_norm_(module.parameters(), clip)
    optimizer.step()
    return loss.item() if reads else None


def loss_and_gradient(module, loss_of):
    """For the comparison of answers: the gradient in the order of model.safetensors."""
    module.zero_grad()
    loss = loss_of()
    loss.backward()
    parameters = dict(module.named_parameters())
    names = [name for name in serve.read_state_dict() if name in parameters]
    return [[loss.item()], *(parameters[name].grad for name in names)]
