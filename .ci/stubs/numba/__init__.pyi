"""What the project uses of numba, which has no types of its own: a compiled function is called as it was before."""

from collections.abc import Callable
from typing import Literal, TypeVar

Compiled = TypeVar("Compiled", bound=Callable[..., object])

def njit(
    *,
    cache: bool = ...,
    nogil: bool = ...,
    inline: Literal["never", "always"] = ...,
    error_model: Literal["python", "numpy"] = ...,
) -> Callable[[Compiled], Compiled]: ...
