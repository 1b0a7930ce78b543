"""Flow matching on moons and 5,000 samples as a whole program in JAX: cold_jax.py FOLDER

The shortest program that trains what `fluxion train fm` does: all steps in one compiled loop.
"""

import json
import math

import jax_peer
import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import make_moons

import serve

plan = serve.read_setting()
hidden, size, steps = plan["hidden"], plan["batchSize"], plan["steps"]
data = jnp.asarray(make_moons(plan["rows"], noise=0.1, random_state=0)[0].astype(np.float32))
freqs = jnp.arange(1, hidden // 2 + 1) * math.pi


def linear(key, inputs, outputs):
    of_weight, of_bias = jax.random.split(key)
    bound = 1 / math.sqrt(inputs)
    draw = lambda key, shape: jax.random.uniform(key, shape, minval=-bound, maxval=bound)
    return draw(of_weight, (inputs, outputs)), draw(of_bias, (outputs,))


def network(p, x, t):
    angles = t * freqs
    (weight, bias), *hiddens, last = p
    h = jnp.tanh(x @ weight + bias + jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1))
    for weight, bias in hiddens:
        h = jnp.tanh(h @ weight + bias)
    return h @ last[0] + last[1]


def step(carry, _):
    p, average, moments, key = carry
    key, of_rows, of_noise, of_times = jax.random.split(key, 4)
    x1 = data[jax.random.randint(of_rows, (size,), 0, len(data))]
    x0, t = jax.random.normal(of_noise, x1.shape), jax.random.uniform(of_times, (size, 1))
    loss = lambda p: ((network(p, (1 - t) * x0 + t * x1, t) - (x1 - x0)) ** 2).mean()
    updates, moments = optimizer.update(jax.grad(loss)(p), moments, p)
    p = optax.apply_updates(p, updates)
    decay = plan["ema"]
    average = jax.tree.map(lambda a, b: decay * a + (1 - decay) * b, average, p)
    return (p, average, moments, key), None


def sampled(p, key):
    euler = plan["eulerSteps"]
    z = jax.random.normal(key, (plan["samples"], 2))
    move = lambda i, z: z + network(p, z, jnp.full((len(z), 1), i / euler)) / euler
    return jax.lax.fori_loop(0, euler, move, z)


schedule = optax.warmup_cosine_decay_schedule(0, plan["lr"], plan["warmup"], steps, 0)
optimizer = jax_peer.adam(plan["clip"], schedule)
widths = [(2, hidden), (hidden, hidden), (hidden, hidden), (hidden, 2)]
p = [linear(key, *width) for key, width in zip(jax.random.split(jax.random.PRNGKey(0), 4), widths)]
carry = (p, p, optimizer.init(p), jax.random.PRNGKey(1))
run = jax.jit(lambda carry: jax.lax.scan(step, carry, None, length=steps)[0])
average = run(carry)[1]
serve.flat([jax.jit(sampled)(average, jax.random.PRNGKey(2))]).tofile(f"{serve.FOLDER}/answer.f32")
print(json.dumps({"peakBytes": serve.peak_bytes()}))
