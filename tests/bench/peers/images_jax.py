"""JAX beside workloads/image_step.ts: images_jax.py FOLDER jit, images as NHWC."""

import jax
import jax.numpy as jnp
import optax

import serve
from jax_peer import adam, compiled, read, weights_and_frequencies

CLIP = 1.0
GROUP_CHANNELS = 4
EPSILON = 1e-5  # of nn.GroupNorm

tensors, frequencies = weights_and_frequencies()
# Filters of [outputs, inputs, height, width] as XLA's HWIO.
parameters = {
    key: value.transpose(2, 3, 1, 0) if value.ndim == 4 else value
    for key, value in tensors.items()
}
x1, noise = (read(name).reshape(-1, 28, 28, 1) for name in ("images", "noise"))
times = read("times")


def convolution(p, name, x):
    layout = ("NHWC", "HWIO", "NHWC")
    y = jax.lax.conv_general_dilated(
        x, p[f"{name}.weight"], (1, 1), "SAME", dimension_numbers=layout
    )
    return y + p[f"{name}.bias"]


def embedded(freqs, t):
    angles = t[:, None] * freqs
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)


def resnet(p, x, t):
    """Fluxion's ConditionedSimpleResnet."""
    h = jax.nn.relu(convolution(p, "first_block.0", x))
    for i in range(len(frequencies)):
        e = embedded(frequencies[f"layers.{i}.embedding.freqs"], t)
        g = h + e[:, None, None]
        g = jax.nn.relu(convolution(p, f"layers.{i}.block.0", g))
        g = jax.nn.relu(convolution(p, f"layers.{i}.block.2", g))
        h = h + convolution(p, f"layers.{i}.block.4", g)
    return convolution(p, "last_block.1", jax.nn.relu(h))


def group_norm(p, name, x):
    n, height, width, channels = x.shape
    groups = x.reshape(n, height, width, channels // GROUP_CHANNELS, GROUP_CHANNELS)
    mean = groups.mean((1, 2, 4), keepdims=True)
    variance = groups.var((1, 2, 4), keepdims=True)
    normal = ((groups - mean) * jax.lax.rsqrt(variance + EPSILON)).reshape(x.shape)
    return normal * p[f"{name}.weight"] + p[f"{name}.bias"]


def linear(p, name, x):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def unet_block(p, name, x, e):
    h = convolution(p, f"{name}.conv1", jax.nn.silu(group_norm(p, f"{name}.norm1", x)))
    h = h + linear(p, f"{name}.time", e)[:, None, None]
    h = convolution(p, f"{name}.conv2", jax.nn.silu(group_norm(p, f"{name}.norm2", h)))
    return h + (convolution(p, f"{name}.skip", x) if f"{name}.skip.weight" in p else x)


def halved(x):
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).mean((2, 4))


def doubled(x):
    return x.repeat(2, 1).repeat(2, 2)


def unet(p, x, t):
    """docs/unet.py, for sides that are multiples of four."""
    e = jax.nn.silu(linear(p, "time.1", embedded(frequencies["time.0.freqs"], t)))
    h0 = unet_block(p, "down.0", convolution(p, "first", x), e)
    h1 = unet_block(p, "down.1", halved(h0), e)
    h = halved(h1)
    for i in (0, 1):
        h = unet_block(p, f"middle.{i}", h, e)
    h = unet_block(p, "up.0", jnp.concatenate([doubled(h), h1], 3), e)
    h = jnp.concatenate([doubled(convolution(p, "narrow", h)), h0], 3)
    h = unet_block(p, "up.1", h, e)
    return convolution(p, "last", jax.nn.silu(group_norm(p, "last_norm", h)))


network = {"resnet": resnet, "unet": unet}[serve.read_setting()["net"]]
optimizer = adam(CLIP)
state = {"p": parameters, "optimizer": optimizer.init(parameters), "key": jax.random.PRNGKey(0)}


def loss_at(p, x0, t):
    s = t[:, None, None, None]
    return ((network(p, (1 - s) * x0 + s * x1, t) - (x1 - x0)) ** 2).mean()


def step(p, moments, key):
    key, of_noise, of_times = jax.random.split(key, 3)
    x0, t = jax.random.normal(of_noise, x1.shape), jax.random.uniform(of_times, (len(x1),))
    loss, gradient = jax.value_and_grad(loss_at)(p, x0, t)
    updates, moments = optimizer.update(gradient, moments, p)
    return optax.apply_updates(p, updates), moments, key, loss


def forward(p):
    return network(p, x1, jnp.full((len(x1),), 0.3))


def prepare(command):
    if command == "forward":
        run = compiled(forward, parameters)
        return lambda: run(parameters).block_until_ready()
    run = compiled(step, state["p"], state["optimizer"], state["key"])

    def train():
        results = run(state["p"], state["optimizer"], state["key"])
        state["p"], state["optimizer"], state["key"], loss = results
        loss.item()

    return train


def answer(command):
    if command == "forward":
        return [jax.jit(forward)(parameters)]
    loss, gradient = jax.jit(jax.value_and_grad(loss_at))(parameters, noise, times)
    in_file = (
        gradient[key].transpose(3, 2, 0, 1) if gradient[key].ndim == 4 else gradient[key]
        for key in parameters
    )
    return [loss, *in_file]


serve.serve(prepare, answer)
