"""Fluxion's ConditionalMLP and its likelihood in JAX and diffrax: one step size for all points."""

import math

import diffrax
import jax.numpy as jnp

from jax_peer import weights_and_frequencies


def first_layer(p, freqs, t, z):
    angles = t * freqs
    embedding = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)])
    return jnp.tanh(z @ p["x_proj.weight"].T + (p["x_proj.bias"] + embedding))


def velocity(p, freqs, t, z):
    h = first_layer(p, freqs, t, z)
    for i in (0, 2):
        h = jnp.tanh(h @ p[f"backbone.{i}.weight"].T + p[f"backbone.{i}.bias"])
    return h @ p["backbone.4.weight"].T + p["backbone.4.bias"]


def first_tangents(p, h, probe):
    """[directions, n, hidden]: of the unit vectors, or of the probe alone."""
    first = p["x_proj.weight"].T
    directions = first[:, None] if probe is None else (probe @ first)[None]
    return (1 - h * h) * directions


def trace_of(p, tangents, probe):
    last = p["backbone.4.weight"]
    if probe is None:
        return jnp.einsum("dnh,dh->n", tangents, last)
    return ((tangents[0] @ last.T) * probe).sum(1)


def slopes_apart(p, freqs, t, z, probe):
    """Velocity and trace by forward tangents, values and each direction in products of their own."""
    h = first_layer(p, freqs, t, z)
    tangents = list(first_tangents(p, h, probe))
    for i in (0, 2):
        weight = p[f"backbone.{i}.weight"].T
        h = jnp.tanh(h @ weight + p[f"backbone.{i}.bias"])
        tangents = [(1 - h * h) * (tangent @ weight) for tangent in tangents]
    out = h @ p["backbone.4.weight"].T + p["backbone.4.bias"]
    if probe is not None:
        return out, trace_of(p, tangents, probe)
    return out, sum(tangent @ row for tangent, row in zip(tangents, p["backbone.4.weight"]))


def slopes_stacked(p, freqs, t, z, probe):
    """The same with values and all directions in one product per layer."""
    h = first_layer(p, freqs, t, z)
    stack = jnp.concatenate([h[None], first_tangents(p, h, probe)])
    for i in (0, 2):
        pushed = stack.reshape(-1, stack.shape[-1]) @ p[f"backbone.{i}.weight"].T
        pushed = pushed.reshape(stack.shape)
        h = jnp.tanh(pushed[0] + p[f"backbone.{i}.bias"])
        stack = jnp.concatenate([h[None], (1 - h * h) * pushed[1:]])
    out = stack[0] @ p["backbone.4.weight"].T + p["backbone.4.bias"]
    return out, trace_of(p, stack[1:], probe)


slopes = {"apart": slopes_apart, "stacked": slopes_stacked}

# Stores the states of so many steps, and takes the others again.
direct = diffrax.RecursiveCheckpointAdjoint(checkpoints=64)
# A bound that the memory of the gradient grows with.
MOST_STEPS = 256


def rms(values):
    return jnp.sqrt((values * values).mean())


def norm_of_parts(dims):
    """The larger of the RMS of points and of log-densities, as torchdiffeq's and Fluxion's.

    Over all columns together, as diffrax has it by default, a log-density's error would count as
    one of dims + 1.
    """

    def norm(y):
        return jnp.maximum(rms(y[..., :dims]), rms(y[..., dims:]))

    return norm


def continuous_adjoint(dims, tolerance):
    """Integrates points, their cotangents and the parameters' gradient backwards, nothing stored.

    The error is controlled in the first two alone, diffrax's faster setting: the gradient's integral
    feeds nothing back (Kidger et al. 2021, "Hey, that's not an ODE").
    """
    norm = norm_of_parts(dims)
    seminorm = lambda parts: jnp.maximum(norm(parts[0]), norm(parts[1]))
    controller = diffrax.PIDController(rtol=tolerance, atol=tolerance, norm=seminorm)
    return diffrax.BacksolveAdjoint(stepsize_controller=controller)


def solve(field, y0, args, interval, tolerance, norm=rms, adjoint=direct):
    """State at the end of the interval, and the number of steps."""
    controller = diffrax.PIDController(rtol=tolerance, atol=tolerance, norm=norm)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field), diffrax.Dopri5(), *interval, None, y0, args=args,
        stepsize_controller=controller, max_steps=MOST_STEPS, adjoint=adjoint,
    )
    return solution.ys[-1], solution.stats["num_steps"]


class Flow:
    """`way`: apart or stacked, see above. Parameters are arguments, for gradients."""

    def __init__(self, way, tolerance, name="model"):
        self.parameters, frequencies = weights_and_frequencies(name)
        self.freqs = frequencies["t_proj.freqs"]
        self.dims = self.parameters["x_proj.weight"].shape[1]
        self.slopes = slopes[way]
        self.tolerance = tolerance

    def log_density(self, p, x, probe, adjoint=direct):
        """log p(x) in nats [n], and the number of steps. `probe` [n, dims]: Hutchinson; or None."""

        def field(t, y, args):
            p, probe = args
            v, trace = self.slopes(p, self.freqs, t, y[:, : self.dims], probe)
            return jnp.concatenate([v, -trace[:, None]], 1)

        y0 = jnp.concatenate([x, jnp.zeros((len(x), 1))], 1)
        norm = norm_of_parts(self.dims)
        y, steps = solve(field, y0, (p, probe), (0.0, 1.0), self.tolerance, norm, adjoint)
        z, change = y[:, : self.dims], y[:, self.dims]
        constant = self.dims / 2 * math.log(2 * math.pi)
        return -(z**2).sum(1) / 2 - constant - change, steps

    def sampled(self, p, noise):
        field = lambda t, z, p: velocity(p, self.freqs, t, z)
        return solve(field, noise, p, (1.0, 0.0), self.tolerance)
