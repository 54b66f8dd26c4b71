"""What the programs about scopes share; Python 3.7 must read them all.

A program takes `tf` (TensorFlow 1.15.5, or a stand-in made of this package over `tf.compat.v1`)
and returns plain data. Both interpreters run them all.
"""

import numpy as np

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def failure(function):
    """What `function` raises: its first builtin class and none of the wording."""
    try:
        result = function()
    except Exception as error:
        return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return ["no error", str(getattr(result, "name", result))]


def names(tf, key="variables"):
    return [getattr(v, "name", str(v)) for v in tf.get_collection(key)]


def run(tf, *tensors):
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        return [np.asarray(value).tolist() for value in session.run(list(tensors))]
