"""The JAX backend (jax, flax, optax)."""

from advisor_jax.backend import JaxBackend as JaxBackend

__all__ = ["JaxBackend"]
