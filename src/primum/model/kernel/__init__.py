"""The log density of the model with its gradient, written out for numba to compile."""

from primum.model.kernel.joint import joint_of
from primum.model.kernel.kernel import ARRAYS, kernel_of

__all__ = ["ARRAYS", "joint_of", "kernel_of"]
