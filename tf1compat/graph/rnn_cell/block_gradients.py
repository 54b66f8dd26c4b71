"""Gradients of the one-step block operations, which TensorFlow 2 lost along with contrib."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from tf1compat.graph.types import Tensor

__all__ = ["register_block_gradients"]


def _bias_grad(gates: Tensor) -> Tensor:
    return tf.raw_ops.BiasAddGrad(out_backprop=gates)


def _lstm_block_cell_grad(op: tf.Operation, *grads: Tensor) -> tuple[Tensor, ...]:
    """Gradient of LSTMBlockCell with respect to its eight inputs."""
    x, cs_prev, h_prev, w, wci, wcf, wco, b = op.inputs
    i, cs, f, o, ci, co, _ = op.outputs
    # Of seven outputs only memory and output are used outside; 1.15 drops the others' gradients.
    cs_grad, h_grad = grads[1], grads[6]
    d_cs_prev, d_gates, d_wci, d_wcf, d_wco = tf.raw_ops.LSTMBlockCellGrad(
        x=x,
        cs_prev=cs_prev,
        h_prev=h_prev,
        w=w,
        wci=wci,
        wcf=wcf,
        wco=wco,
        b=b,
        i=i,
        cs=cs,
        f=f,
        o=o,
        ci=ci,
        co=co,
        cs_grad=cs_grad,
        h_grad=h_grad,
        use_peephole=op.get_attr("use_peephole"),
    )
    # The kernel gives no gradient to inputs and weights: they follow from the gates'.
    d_joined = tf.matmul(d_gates, w, transpose_b=True)
    depth = tf.compat.dimension_value(x.shape[1])
    d_x, d_h_prev = d_joined[:, :depth], d_joined[:, depth:]
    d_w = tf.matmul(tf.concat([x, h_prev], 1), d_gates, transpose_a=True)
    return d_x, d_cs_prev, d_h_prev, d_w, d_wci, d_wcf, d_wco, _bias_grad(d_gates)


def _gru_block_cell_grad(op: tf.Operation, *grads: Tensor) -> tuple[Tensor, ...]:
    """Gradient of GRUBlockCell with respect to its six inputs."""
    x, h_prev, w_ru, w_c, b_ru, b_c = op.inputs
    r, u, c, _ = op.outputs
    d_x, d_h_prev, d_c_bar, d_ru_bar = tf.raw_ops.GRUBlockCellGrad(
        x=x,
        h_prev=h_prev,
        w_ru=w_ru,
        w_c=w_c,
        b_ru=b_ru,
        b_c=b_c,
        r=r,
        u=u,
        c=c,
        d_h=grads[3],
    )
    d_w_ru = tf.matmul(tf.concat([x, h_prev], 1), d_ru_bar, transpose_a=True)
    # The reset state, which the candidate saw.
    d_w_c = tf.matmul(tf.concat([x, h_prev * r], 1), d_c_bar, transpose_a=True)
    return d_x, d_h_prev, d_w_ru, d_w_c, _bias_grad(d_ru_bar), _bias_grad(d_c_bar)


def register_block_gradients() -> None:
    """Tells TensorFlow the gradients of LSTMBlockCell and GRUBlockCell, unless it knows them.

    They go by the operations' own names, so that graphs imported from a `.meta` file train too.
    """
    gradients = {"LSTMBlockCell": _lstm_block_cell_grad, "GRUBlockCell": _gru_block_cell_grad}
    for op_type, gradient in gradients.items():
        with contextlib.suppress(KeyError):  # registered already, by a reload or another library
            tf.RegisterGradient(op_type)(gradient)
