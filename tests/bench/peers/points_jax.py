"""JAX beside workloads/point_step.ts and point_sample.ts: points_jax.py FOLDER jit|scan

jit: a compiled step, called from Python; scan: all steps of a turn in one compiled loop.
"""

import sys

import jax
import jax.numpy as jnp
import optax

import serve
from cnf_jax_field import solve, velocity
from jax_peer import adam, compiled, read, weights_and_frequencies

WAY = sys.argv[2]
CLIP = 1.0
TOLERANCE = 1e-5
EVALUATIONS = 6  # of a step of dopri5

setting = serve.read_setting()
parameters, frequencies = weights_and_frequencies()
freqs = frequencies["t_proj.freqs"]
points, noise = (read(name).reshape(-1, 2) for name in ("points", "noise"))
times = read("times")
optimizer = adam(CLIP)
state = {"carry": (parameters, optimizer.init(parameters), jax.random.PRNGKey(0))}
last = {"steps": None}


def network(p, x, t):
    """The field at a time per point."""
    angles = t[:, None] * freqs
    embedding = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)
    h = jnp.tanh(x @ p["x_proj.weight"].T + p["x_proj.bias"] + embedding)
    for i in (0, 2):
        h = jnp.tanh(h @ p[f"backbone.{i}.weight"].T + p[f"backbone.{i}.bias"])
    return h @ p["backbone.4.weight"].T + p["backbone.4.bias"]


def loss_at(p, x0, x1, t):
    s = t[:, None]
    return ((network(p, (1 - s) * x0 + s * x1, t) - (x1 - x0)) ** 2).mean()


def step(carry, _=None):
    p, moments, key = carry
    key, of_rows, of_noise, of_times = jax.random.split(key, 4)
    n = setting["batchSize"]
    x1 = points[jax.random.randint(of_rows, (n,), 0, len(points))]
    x0, t = jax.random.normal(of_noise, x1.shape), jax.random.uniform(of_times, (n,))
    loss, gradient = jax.value_and_grad(loss_at)(p, x0, x1, t)
    updates, moments = optimizer.update(gradient, moments, p)
    return (optax.apply_updates(p, updates), moments, key), loss


def scanned(carry):
    return jax.lax.scan(step, carry, None, length=setting["steps"])


def training():
    run = compiled(scanned if WAY == "scan" else step, state["carry"])

    def train():
        for _ in range(1 if WAY == "scan" else setting["steps"]):
            state["carry"], loss = run(state["carry"])
        loss.block_until_ready()

    return train


def dopri5(p, z):
    return solve(lambda t, z, p: velocity(p, freqs, t, z), z, p, (0.0, 1.0), TOLERANCE)


def euler(p, z):
    steps = setting["eulerSteps"]
    move = lambda i, z: z + velocity(p, freqs, i / steps, z) / steps
    return jax.lax.fori_loop(0, steps, move, z), None


samplers = {"dopri5": dopri5, "euler": euler}


def prepare(command):
    if command == "train":
        return training()
    shape = (setting["samples"], 2)
    draw = lambda p, key: samplers[command](p, jax.random.normal(key, shape))
    run = compiled(draw, parameters, jax.random.PRNGKey(1))

    def sample():
        z, last["steps"] = run(parameters, jax.random.PRNGKey(1))
        z.block_until_ready()

    return sample


def answer(command):
    if command != "train":
        return [jax.jit(samplers[command])(parameters, noise)[0]]
    gradient = jax.jit(jax.value_and_grad(loss_at))
    loss, tensors = gradient(parameters, noise, points[: len(noise)], times)
    return [loss, *(tensors[key] for key in parameters)]


def evaluations():
    return None if last["steps"] is None else EVALUATIONS * int(last["steps"])


serve.serve(prepare, answer, nfe=evaluations, steps=setting["steps"])
