"""A function's or constructor's arguments as plain data; Python 3.7 must read this file."""

import inspect


def signature_of(function):
    """Returns [name, default] of each argument; defaults that are objects are just "object"."""
    if inspect.isclass(function):
        function = function.__init__
    plain = (int, float, str, bool, type(None))
    found = []
    for argument in inspect.signature(function).parameters.values():
        default = argument.default
        if isinstance(default, tuple) and all(isinstance(item, plain) for item in default):
            default = list(default)
        elif default is inspect.Parameter.empty:
            default = "none given"
        elif not isinstance(default, plain):
            default = "object"
        found.append([argument.name, default])
    return found
