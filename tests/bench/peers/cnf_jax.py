"""diffrax beside workloads/cnf_step.ts: cnf_jax.py FOLDER apart|stacked"""

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


def fresh_probes(key, n):
    return None if is_exact else jax.random.rademacher(key, (n, dims), jnp.float32)


def given_probes(n):
    return None if is_exact else probes[:n]


def loss_and_gradient(p, x, probe, adjoint):
    def loss(p):
        values, steps = flow.log_density(p, x, probe, adjoint)
        return -values.mean(), steps

    return jax.value_and_grad(loss, has_aux=True)(p)


def training(name, n):
    def step(p, moments, key, x):
        key, drawn = jax.random.split(key)
        (loss, steps), gradient = loss_and_gradient(p, x, fresh_probes(drawn, n), adjoints[name])
        updates, moments = optimizer.update(gradient, moments, p)
        return optax.apply_updates(p, updates), moments, key, loss, steps

    run = compiled(step, state["p"], state["optimizer"], state["key"], points[:n])

    def work():
        results = run(state["p"], state["optimizer"], state["key"], points[:n])
        state["p"], state["optimizer"], state["key"], loss, last["steps"] = results
        loss.item()

    return work


def inference(name):
    def log_prob(p, key):
        return flow.log_density(p, points, fresh_probes(key, len(points)))

    def sample(p, key):
        return flow.sampled(p, jax.random.normal(key, points.shape))

    run = compiled({"log-prob": log_prob, "sample": sample}[name], state["p"], state["key"])

    def work():
        values, last["steps"] = run(state["p"], state["key"])
        values.block_until_ready()

    return work


def prepare(command):
    name, *numbers = command.split()
    return training(name, *map(int, numbers)) if name in adjoints else inference(name)


def answer(command):
    name, *numbers = command.split()
    p = flow.parameters
    if name in adjoints:
        (n,) = map(int, numbers)
        gradient = jax.jit(lambda p, x, probe: loss_and_gradient(p, x, probe, adjoints[name]))
        (loss, _), tensors = gradient(p, points[:n], given_probes(n))
        return [loss, *(tensors[key] for key in p)]
    if name == "sample":
        return [jax.jit(flow.sampled)(p, noise)[0]]
    return [jax.jit(flow.log_density)(p, points, given_probes(len(points)))[0]]


serve.serve(prepare, answer, nfe=lambda: EVALUATIONS * int(last["steps"]))
