"""Puts something around a function of the engine, after checking that it is the function that was read."""

import functools
import inspect


def wrap(module, name, parameters):
    def decorate(around):
        inner = getattr(module, name)
        found = list(inspect.signature(inner).parameters)
        if found != parameters:
            raise SystemExit(f"{module.__name__}.{name} takes {found}, not {parameters}: not the pinned engine")
        wrapped = functools.partial(around, inner)
        # So that a second module around the same function checks the engine's signature, and not that of `around`.
        wrapped.__signature__ = inspect.signature(inner)
        setattr(module, name, wrapped)
        return around

    return decorate
