"""Writes fixtures/unet.json: docs/unet.py's outputs and gradients in float64.

    python3 tests/parity/unet_fixture.py      (torch 1.13 or later)

Small, and of sides that are not multiples of four; every weight is random, also those that
start at zero. A weight is k / 100, as is an image's number, so that the file stays small.
"""

import json
import pathlib
import sys

import torch

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "docs"))
from unet import UNet  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
n, channels, height, width, filters = 2, 2, 6, 5, 4
model = UNet(channels, filters)
for name, parameter in model.named_parameters():
    centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
    drawn = centre + 0.2 * torch.randn_like(parameter)
    parameter.data = torch.round(100 * drawn) / 100
model.double()


def images():
    return torch.round(100 * torch.randn(n, channels, height, width)) / 100


x, target = images().requires_grad_(), images()
t = torch.tensor([0.25, 0.9])
out = model(x, t)
loss = ((out - target) ** 2).mean()
loss.backward()


def array(tensor, digits):
    numbers = [float(f"%.{digits}g" % value) for value in tensor.detach().flatten().tolist()]
    return {"shape": list(tensor.shape), "data": numbers}


fixture = {
    "made_by": f"tests/parity/unet_fixture.py, torch {torch.__version__}",
    "filters": filters,
    "state_dict": {name: array(value, 9) for name, value in model.state_dict().items()},
    "x": array(x, 6),
    "t": array(t, 6),
    "target": array(target, 6),
    "out": array(out, 9),
    "loss": loss.item(),
    "grad_x": array(x.grad, 6),
    "grad": {name: array(value.grad, 5) for name, value in model.named_parameters()},
}
path = here / "fixtures" / "unet.json"
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, "bytes")
