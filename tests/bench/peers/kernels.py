"""PyTorch beside kernels.ts: the same product or convolution, by its standard input's command."""

import torch
from torch.nn import grad
from torch.nn.functional import conv2d

import serve
import torch_peer  # sets the threads

a, b = torch.randn(512, 512), torch.randn(512, 512)


def convolution(name, inputs, outputs, size, kernel):
    x = torch.randn(64, inputs, size, size)
    w = torch.randn(outputs, inputs, kernel, kernel)
    y = torch.randn(64, outputs, size, size)
    pad = kernel // 2
    return {
        "forward": lambda: conv2d(x, w, padding=pad),
        "input": lambda: grad.conv2d_input(x.shape, w, y, padding=pad),
        "filter": lambda: grad.conv2d_weight(x, w.shape, y, padding=pad),
    }[name]


def prepare(command):
    name, *numbers = command.split()
    work = (lambda: a @ b) if name == "gemm" else convolution(name, *map(int, numbers))
    work()  # not the first time that it is timed
    return work


serve.serve(prepare)
