"""Small programs about recurrent cells, run alike by TensorFlow 1.15.5 and by tf1compat.

Runs under Python 3.7 too. Each is a function of (tf, R), the v1 API and the cells' names, called
in a fresh graph; it returns plain values that JSON can hold.
"""

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def raised(action, *phrases):
    """Returns [builtin exception class, whether each phrase is in the message], or "fine"."""
    try:
        action()
    except Exception as error:
        builtin = [k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins"]
        return [builtin[0], [phrase in str(error) for phrase in phrases]]
    return "fine"


def names(variables):
    return [variable.name for variable in variables]


def sizes(value):
    """Returns a state size as plain values."""
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [sizes(one) for one in value]]
    return value.as_list() if hasattr(value, "as_list") else value


def step(tf, cell, depth=3, batch=2, dtype="float32", **kwargs):
    return cell(
        tf.zeros([batch, depth], dtype), cell.zero_state(batch, tf.as_dtype(dtype)), **kwargs
    )
