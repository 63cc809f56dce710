"""A cache for methods that leaves their object free to go."""

import functools
import weakref
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def weakly_cached(method: Callable[P, T], most: int) -> Callable[P, T]:
    """Return a method with a cache of ``most`` results that does not keep the method's object alive.

    The object may keep the cache: a usual one would make a circle of references, and keep open files with it.
    """
    weak = weakref.WeakMethod(method)

    def call(*arguments: P.args, **named: P.kwargs) -> T:
        return weak()(*arguments, **named)  # type: ignore[misc]  # its object is calling

    return functools.lru_cache(maxsize=most)(call)  # type: ignore[return-value]
