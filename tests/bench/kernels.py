"""The peer of kernels.ts: the same product or convolution in PyTorch, on its standard input's command."""

import sys
import time

import torch
from torch.nn import grad
from torch.nn.functional import conv2d

a, b = torch.randn(512, 512), torch.randn(512, 512)


def convolution(inputs, outputs, size, kernel):
    x = torch.randn(64, inputs, size, size)
    w = torch.randn(outputs, inputs, kernel, kernel)
    y = torch.randn(64, outputs, size, size)
    pad = kernel // 2
    return {
        "forward": lambda: conv2d(x, w, padding=pad),
        "input": lambda: grad.conv2d_input(x.shape, w, y, padding=pad),
        "filter": lambda: grad.conv2d_weight(x, w.shape, y, padding=pad),
    }


works = {"gemm": lambda: a @ b}
for line in sys.stdin:
    name, *numbers = line.split()
    if line not in works:
        works[line] = works[name] if name == "gemm" else convolution(*map(int, numbers))[name]
    torch.set_num_threads(1)
    works[line]()
    begin = time.perf_counter()
    works[line]()
    print(1e3 * (time.perf_counter() - begin), flush=True)
