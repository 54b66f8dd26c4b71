"""Names within a graph: of operations, of their outputs, of what gradients were made in."""

from __future__ import annotations

import re

from tf1compat.names.op_types import applies_gradients

__all__ = [
    "NODE_NAME",
    "OP_TYPE",
    "bare_name",
    "gradients_scope",
    "in_gradients",
    "is_of_training",
    "op_name",
    "tensor_name",
]

NODE_NAME = r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*"
"""Pattern of what a node of a GraphDef may be called."""

OP_TYPE = r"[A-Za-z0-9_>]+"
"""Pattern of what a type of ops may be called."""

# `tf.gradients` names its scope `gradients`, or what it was given; copies get a number.
_GRADIENTS = re.compile(r"(^|/)(\w*_)?gradients?(_\d+)?(/|$)")
_GRADIENT_OP = re.compile(r"\w+Grad(V\d+)?")


def op_name(tensor: str) -> str:
    """Returns the name of the op that a tensor, a control input or an op's own name is of.

    >>> op_name("dense/BiasAdd:0"), op_name("^dense/Assign")
    ('dense/BiasAdd', 'dense/Assign')
    """
    return tensor.lstrip("^").partition(":")[0]


def bare_name(tensor: str) -> str:
    """Returns a tensor's name without ``:0``: what a variable, or an op's first output, goes by.

    Another output keeps its number: it is no variable's.

    >>> bare_name("dense/kernel:0"), bare_name("dense/kernel"), bare_name("split:1")
    ('dense/kernel', 'dense/kernel', 'split:1')
    """
    return tensor.removesuffix(":0")


def tensor_name(tensor: str) -> str:
    """Returns the full name of a tensor; an op's stands for its first output.

    >>> tensor_name("logits"), tensor_name("split:1")
    ('logits:0', 'split:1')
    """
    return tensor if ":" in tensor else f"{tensor}:0"


def in_gradients(op: str) -> bool:
    """Tells whether an op is one of those that compute gradients, by its scopes.

    >>> in_gradients("train/gradients_1/MatMul_grad/MatMul"), in_gradients("gradual/MatMul")
    (True, False)
    """
    # Every op of a graph is asked about several times, and most have no such word in their names.
    return "gradient" in op and _GRADIENTS.search(op) is not None


def gradients_scope(op: str) -> str:
    """Returns the scope in which `tf.gradients` made an op; "" for others.

    >>> gradients_scope("train/gradients_1/mul_grad/Mul"), gradients_scope("mul")
    ('train/gradients_1', '')
    """
    found = _GRADIENTS.search(op)
    return op[: found.end()].rstrip("/") if found else ""


def is_of_training(op: str, op_type: str) -> bool:
    """Tells whether an op is in a graph because the graph trains: of gradients, or applying them.

    By name and type: a program may put its gradients in a scope of its own.

    >>> is_of_training("backwards/Relu", "ReluGrad"), is_of_training("dense/MatMul", "MatMul")
    (True, False)
    """
    gradient = in_gradients(op) or _GRADIENT_OP.fullmatch(op_type) is not None
    return gradient or applies_gradients(op_type)
