"""Puts something around a function of the engine, after checking that it is the function that was read."""

import inspect


def wrap(module, name, parameters):
    def decorate(around):
        inner = getattr(module, name)
        found = list(inspect.signature(inner).parameters)
        if found != parameters:
            raise SystemExit(f"{getattr(module, '__name__', module)}.{name} takes {found}, not {parameters}: not the pinned engine")
        # A function and not a partial, which a class would not bind to its instances.
        def wrapped(*arguments, **named):
            return around(inner, *arguments, **named)

        # So that a second module around the same function checks the engine's signature, and not that of `around`.
        wrapped.__signature__ = inspect.signature(inner)
        setattr(module, name, wrapped)
        return around

    return decorate
