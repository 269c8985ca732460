"""Puts something around a function of the engine, after checking that it is the function that was read."""

import functools
import inspect


def wrap(module, name, parameters):
    def decorate(around):
        inner = getattr(module, name)
        found = list(inspect.signature(inner).parameters)
        if found != parameters:
            raise SystemExit(f"{module.__name__}.{name} takes {found}, not {parameters}: not the pinned engine")
        setattr(module, name, functools.partial(around, inner))
        return around

    return decorate
