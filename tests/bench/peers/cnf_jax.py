"""diffrax beside workloads/cnf_step.ts: cnf_jax.py FOLDER apart|stacked"""

import functools
import sys

import jax
import jax.numpy as jnp
import optax

import serve
from cnf_jax_field import continuous_adjoint, direct, Flow
from jax_peer import adam, compiled, read

CLIP = 5.0
EVALUATIONS = 6  # of a step; dopri5 takes its first slope from the step before

setting = serve.read_setting()
dims = setting["dims"]
is_exact = setting["trace"] == "exact"
flow = Flow(sys.argv[2], setting["tolerance"])
points, noise, probes = (read(name).reshape(-1, dims) for name in ("points", "noise", "probes"))
adjoints = {"train": direct, "adjoint": continuous_adjoint(dims, setting["tolerance"])}
optimizer = adam(CLIP)
state = {"p": flow.parameters, "optimizer": optimizer.init(flow.parameters)}
# Not the key that anything else was drawn with: a probe that follows the points biases the trace.
state["key"] = jax.random.PRNGKey(7)
last = {"steps": None}
# The same executables take turns on fresh draws, and answer on given ones.
executables = {}


@functools.partial(jax.jit, static_argnums=1)
def drawn_probes(key, n):
    return jax.random.rademacher(key, (n, dims), jnp.float32)


@jax.jit
def drawn_noise(key):
    return jax.random.normal(key, points.shape)


def next_key():
    state["key"], key = jax.random.split(state["key"])
    return key


def fresh_probes(n):
    return None if is_exact else drawn_probes(next_key(), n)


def given_probes(n):
    return None if is_exact else probes[:n]


def training(name, n):
    def step(p, moments, x, probe):
        def loss(p):
            values, steps = flow.log_density(p, x, probe, adjoints[name])
            return -values.mean(), steps

        (value, steps), gradient = jax.value_and_grad(loss, has_aux=True)(p)
        updates, moments = optimizer.update(gradient, moments, p)
        return optax.apply_updates(p, updates), moments, value, steps, gradient

    run = compiled(step, state["p"], state["optimizer"], points[:n], given_probes(n))

    def work():
        results = run(state["p"], state["optimizer"], points[:n], fresh_probes(n))
        state["p"], state["optimizer"], loss, last["steps"], _ = results
        loss.item()

    return run, work


def inference(name):
    if name == "sample":
        run = compiled(flow.sampled, state["p"], noise)
        fresh = lambda: (drawn_noise(next_key()),)
    else:
        n = len(points)
        log_density = lambda p, x, probe: flow.log_density(p, x, probe)
        run = compiled(log_density, state["p"], points, given_probes(n))
        fresh = lambda: (points, fresh_probes(n))

    def work():
        values, last["steps"] = run(state["p"], *fresh())
        values.block_until_ready()

    return run, work


def prepare(command):
    name, *numbers = command.split()
    make = training if name in adjoints else inference
    executables[command], work = make(name, *map(int, numbers))
    return work


def answer(command):
    name, *numbers = command.split()
    run, p = executables[command], flow.parameters
    if name in adjoints:
        (n,) = map(int, numbers)
        _, _, loss, _, gradient = run(p, optimizer.init(p), points[:n], given_probes(n))
        return [loss, *(gradient[key] for key in p)]
    if name == "sample":
        return [run(p, noise)[0]]
    return [run(p, points, given_probes(len(points)))[0]]


serve.serve(prepare, answer, nfe=lambda: EVALUATIONS * int(last["steps"]))
