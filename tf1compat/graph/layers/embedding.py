"""Embedding tables: Keras' `Embedding` under a variable scope, and contrib's `embed_sequence`."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import as_tensor, run_layer
from tf1compat.graph.layers._model_variables import model_variable
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.types import (
    ConstraintLike,
    Initializer,
    InitializerLike,
    Regularizer,
    RegularizerLike,
    Reuse,
    ScopeLike,
    ShapeLike,
    Tensor,
    TensorLike,
    Variable,
)

__all__ = [
    "Embedding",
    "embed_sequence",
    "embedding",
    "embedding_lookup",
    "embedding_lookup_unique",
]

v1 = tf.compat.v1


class Embedding(Layer):
    """Rows of a table by integer ids; mirrors `tf.keras.layers.Embedding` of TensorFlow 1.15.

    The table `embeddings` is `[input_dim, output_dim]`, float32 unless `dtype` says otherwise.
    Under a scope with a partitioner it is split, and id n is still row n of the whole table:
    the lookup is by the "div" rule. (`tf.nn.embedding_lookup`, and with it `embed_sequence`,
    takes "mod" by default, under which a split table's rows change places.)

    Attributes:
      embeddings: the table.
    """

    _config = (
        "input_dim",
        "output_dim",
        "embeddings_initializer",
        "embeddings_regularizer",
        "activity_regularizer",
        "embeddings_constraint",
    )

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: InitializerLike = "uniform",
        embeddings_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        embeddings_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        # Ids are integers: without this the first input would make an int32 table (Keras' floatx).
        kwargs.setdefault("dtype", "float32")
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = resolve_initializer(embeddings_initializer)
        self.embeddings_regularizer = resolve_regularizer(embeddings_regularizer)
        self.embeddings_constraint = resolve_constraint(embeddings_constraint)
        self.embeddings: Variable | None = None

    def build(self, input_shape: ShapeLike) -> None:
        """Makes the table."""
        self.embeddings = self.add_weight(
            "embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Returns `[..., output_dim]` for ids `[...]`; ids that aren't integers are truncated."""
        if inputs.dtype.base_dtype not in (tf.int32, tf.int64):
            # Keras feeds ids as floats unless told otherwise: `Embedding.call` truncates them.
            inputs = tf.cast(inputs, tf.int32)
        # 1.15 looks up by "mod" here, which gives other rows of a split table; see the class.
        return v1.nn.embedding_lookup(self.embeddings, inputs, partition_strategy="div")

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns `input_shape` with `output_dim` appended."""
        return tf.TensorShape(input_shape).concatenate(self.output_dim)


def embedding(
    inputs: TensorLike,
    input_dim: int,
    output_dim: int,
    embeddings_initializer: InitializerLike = "uniform",
    embeddings_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    embeddings_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Looks ids up in a table; see `Embedding`."""
    return run_layer(Embedding, locals())


def embed_sequence(
    ids: TensorLike,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Initializer | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool = True,
    scope: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Looks ids up in `EmbedSequence/embeddings`; mirrors `tf.contrib.layers.embed_sequence`.

    Args:
      ids: integers `[batch, length]`.
      vocab_size: rows of the table; not needed where `reuse`.
      embed_dim: columns of the table; not needed where `reuse`.
      unique: whether to look up each distinct id once.
      initializer: of the table.
      regularizer: of the table.
      trainable: whether the table is trained.
      scope: variable scope; by default "EmbedSequence", made unique.
      reuse: as in `tf.compat.v1.variable_scope`.

    Returns:
      `[batch, length, embed_dim]`.

    Raises:
      UsageError: (a `ValueError`) the table's shape isn't given and it isn't reused.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise UsageError(
            "Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}"
        )
    with v1.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        known = vocab_size is not None and embed_dim is not None
        table = model_variable(
            "embeddings",
            # A reused table's shape needn't be told, and isn't checked then.
            [vocab_size, embed_dim] if known else None,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if unique:
            return embedding_lookup_unique(table, ids)
        # By "mod", the default of 1.15, also where a partitioner split the table.
        return v1.nn.embedding_lookup(table, ids)


def embedding_lookup(
    params: TensorLike,
    ids: TensorLike,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """Looks rows up by ids; mirrors `tf.nn.embedding_lookup` of TensorFlow 1.15.

    Mind the default: under "mod", id n of a table split in k parts is row `n // k` of part
    `n % k`. Under "div" it is row n of the whole table, which is what a checkpoint shows.

    Args:
      params: a table `[rows, ...]`, a list of its parts, or a partitioned variable.
      ids: integers of any shape.
      partition_strategy: "mod" or "div".
      name: name scope.
      validate_indices: ignored, as in TensorFlow.
      max_norm: greatest norm of a row; longer ones are scaled down.

    Returns:
      `[*ids' shape, *a row's shape]`.
    """
    return v1.nn.embedding_lookup(
        params,
        ids,
        partition_strategy=partition_strategy,
        name=name,
        validate_indices=validate_indices,
        max_norm=max_norm,
    )


def embedding_lookup_unique(
    params: TensorLike, ids: TensorLike, partition_strategy: str = "mod", name: str | None = None
) -> Tensor:
    """Looks each distinct id up once; mirrors `tf.contrib.layers.embedding_lookup_unique`.

    Args:
      params: a table, a list of its parts, or a partitioned variable.
      ids: integers of any shape.
      partition_strategy: "mod" or "div", for a list of parts.
      name: name scope.

    Returns:
      `[*ids' shape, *a row's shape]`.
    """
    with v1.name_scope(name, "EmbeddingLookupUnique", [ids]):
        ids = as_tensor(ids)
        # Gradients of a row that is looked up twice then arrive as one slice, summed.
        distinct, index = tf.unique(tf.reshape(ids, [-1]))
        rows = v1.nn.embedding_lookup(params, distinct, partition_strategy)
        shape = tf.concat([v1.shape(ids), v1.shape(rows)[1:]], 0)
        found = tf.reshape(tf.gather(rows, index), shape)
        found.set_shape(ids.shape.concatenate(rows.shape[1:]))
        return found
