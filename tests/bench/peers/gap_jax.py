"""diffrax beside workloads/train_to_gap.ts: gap_jax.py FOLDER apart|stacked"""

import json
import sys

import jax
import jax.numpy as jnp
import optax

import gap
import serve
from cnf_jax_field import Flow
from jax_peer import adam, compiled

train, test = (jnp.asarray(gap.read_points(name)) for name in ("train", "test"))


def test_values(plan, p):
    return Flow(sys.argv[2], gap.TEST_TOLERANCE, plan["weights"]).log_density(p, test, None)[0]


def prepare(command):
    plan = json.loads(command)
    flow = Flow(sys.argv[2], plan["tolerance"], plan["weights"])
    optimizer = adam(plan["clip"], lr=1.0)  # scaled by the step's own rate below
    state = {"p": flow.parameters}
    state["moments"] = optimizer.init(state["p"])

    def step(p, moments, rows, lr):
        loss = lambda p: -flow.log_density(p, train[rows], None)[0].mean()
        updates, moments = optimizer.update(jax.grad(loss)(p), moments, p)
        return optax.apply_updates(p, jax.tree.map(lambda u: lr * u, updates)), moments

    first = jnp.arange(plan["batchSize"])
    run = compiled(step, state["p"], state["moments"], first, jnp.float32(0))
    mean = compiled(lambda p: -test_values(plan, p).mean(), state["p"])

    def take_step(rows, lr):
        given = jnp.asarray(rows, first.dtype), jnp.float32(lr)
        state["p"], state["moments"] = run(state["p"], state["moments"], *given)
        return lambda: jax.block_until_ready(state["p"])

    return lambda: gap.seconds_to_gap(plan, take_step, lambda: mean(state["p"]).item())


def answer(command):
    plan = json.loads(command)
    p = Flow(sys.argv[2], gap.TEST_TOLERANCE, plan["weights"]).parameters
    return [test_values(plan, p)]


serve.serve(prepare, answer)
