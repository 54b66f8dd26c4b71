"""Architectures that this project did not write, under the names that their v1 originals gave.

Each module is one pair:

``build()``
    returns a Keras model. Under ``keras.StatelessScope(initialize_variables=False)`` it takes no
    memory for its weights.
``SOURCES``
    shape by name of every variable in the v1 checkpoint, in order of creation.
``TRUTH``
    for every weight of the model, by its path in ``tf1compat.keras3.index_model``: the name of the
    source that belongs there; None where no source does, so that it must stay unfilled; or a tuple
    of the sources that are equally supported, so that it must be reported as ambiguous.

A plan is *right* for a target if it says what ``TRUTH`` says, *ambiguous* if it lists the target as
such, and *wrong* if it fills it with anything else (or at all, where nothing or no one thing is
right). Sources that ``TRUTH`` doesn't name must not be used.
"""
