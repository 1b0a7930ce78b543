"""JAX as a peer: its threads, Fluxion's weights, and what a training step has in common."""

import os

import serve

if serve.ON_GPU:
    # Products would round their factors to ten bits by default.
    os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
else:
    serve.hold_to_cores()
    os.environ["JAX_PLATFORMS"] = "cpu"
if not serve.ON_GPU and serve.THREADS == 1:
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = flags

import jax
import jax.numpy as jnp
import optax

LEARNING_RATE = 1e-9  # every turn repeats the same step


def read(name):
    return jnp.asarray(serve.read_floats(name))


def weights_and_frequencies(name="model"):
    """The trained tensors of a file, and the fixed frequencies of its embeddings."""
    tensors = {key: jnp.asarray(value) for key, value in serve.read_state_dict(name).items()}
    frequencies = {key: value for key, value in tensors.items() if key.endswith("freqs")}
    return {key: tensors[key] for key in tensors if key not in frequencies}, frequencies


def compiled(function, *arguments):
    """Compiled for the shapes of these arguments; nothing runs yet."""
    return jax.jit(function).lower(*arguments).compile()


def adam(clip, lr=LEARNING_RATE):
    return optax.chain(optax.clip_by_global_norm(clip), optax.adam(lr)) if clip else optax.adam(lr)
