"""The fields of the messages that make up a graph, by the names that TensorFlow's protos give them.

Each lists all fields that its message has: what isn't there is refused. Of OpDef, FunctionDef and
AttrValue only those that are looked at, for in them others are passed over.
"""

from __future__ import annotations

import enum
import functools

__all__ = [
    "AttrFunction",
    "AttrList",
    "AttrValue",
    "CollectionDef",
    "Dim",
    "FunctionDef",
    "FunctionDefLibrary",
    "GraphDef",
    "List",
    "MapEntry",
    "MetaGraphDef",
    "MetaInfoDef",
    "NodeDef",
    "OpDef",
    "SaveSliceInfoDef",
    "SavedModel",
    "SaverDef",
    "TensorProto",
    "TensorShape",
    "VariableDef",
    "numbers_of",
]


@functools.cache
def numbers_of(message: type[enum.IntEnum]) -> frozenset[int]:
    """Returns the numbers of a message's fields."""
    return frozenset(map(int, message))


class SavedModel(enum.IntEnum):
    """saved_model.proto."""

    SAVED_MODEL_SCHEMA_VERSION = 1
    META_GRAPHS = 2


class MetaGraphDef(enum.IntEnum):
    """meta_graph.proto, as are the next three."""

    META_INFO_DEF = 1
    GRAPH_DEF = 2
    SAVER_DEF = 3
    COLLECTION_DEF = 4
    SIGNATURE_DEF = 5
    ASSET_FILE_DEF = 6
    OBJECT_GRAPH_DEF = 7


class MetaInfoDef(enum.IntEnum):
    """A MetaGraphDef's MetaInfoDef."""

    META_GRAPH_VERSION = 1
    STRIPPED_OP_LIST = 2
    ANY_INFO = 3
    TAGS = 4
    TENSORFLOW_VERSION = 5
    TENSORFLOW_GIT_VERSION = 6
    STRIPPED_DEFAULT_ATTRS = 7
    FUNCTION_ALIASES = 8


class CollectionDef(enum.IntEnum):
    """One collection of a graph."""

    NODE_LIST = 1
    BYTES_LIST = 2
    INT64_LIST = 3
    FLOAT_LIST = 4
    ANY_LIST = 5


class List(enum.IntEnum):
    """Of an OpList and of each of a CollectionDef's lists."""

    VALUE = 1


class OpDef(enum.IntEnum):
    """op_def.proto; its arguments have their names in the same field."""

    NAME = 1
    INPUT_ARG = 2
    OUTPUT_ARG = 3


class GraphDef(enum.IntEnum):
    """graph.proto."""

    NODE = 1
    LIBRARY = 2
    VERSION = 3
    VERSIONS = 4
    DEBUG_INFO = 5


class FunctionDefLibrary(enum.IntEnum):
    """function.proto, as is the next."""

    FUNCTION = 1
    GRADIENT = 2
    REGISTERED_GRADIENTS = 3


class FunctionDef(enum.IntEnum):
    """One function of a library."""

    SIGNATURE = 1
    NODE_DEF = 3
    RET = 4


class NodeDef(enum.IntEnum):
    """node_def.proto."""

    NAME = 1
    OP = 2
    INPUT = 3
    DEVICE = 4
    ATTR = 5
    EXPERIMENTAL_DEBUG_INFO = 6
    EXPERIMENTAL_TYPE = 7


class MapEntry(enum.IntEnum):
    """Of any map: protobuf keeps it as a list of pairs."""

    KEY = 1
    VALUE = 2


class AttrValue(enum.IntEnum):
    """attr_value.proto."""

    LIST = 1
    TEXT = 2
    INTEGER = 3
    NUMBER = 4
    FLAG = 5
    TYPE = 6
    SHAPE = 7
    TENSOR = 8
    FUNC = 10


class AttrList(enum.IntEnum):
    """An AttrValue's list."""

    TEXTS = 2
    INTEGERS = 3


class AttrFunction(enum.IntEnum):
    """An AttrValue's function, NameAttrList."""

    NAME = 1


class TensorProto(enum.IntEnum):
    """tensor.proto: the fields that hold numbers and texts."""

    DTYPE = 1
    SHAPE = 2
    CONTENT = 4
    FLOATS = 5
    DOUBLES = 6
    INTS = 7
    STRINGS = 8
    INT64S = 10


class TensorShape(enum.IntEnum):
    """tensor_shape.proto, as is the next."""

    DIM = 2
    UNKNOWN_RANK = 3


class Dim(enum.IntEnum):
    """One dimension of a shape."""

    SIZE = 1
    NAME = 2


class VariableDef(enum.IntEnum):
    """variable.proto, as is the next."""

    VARIABLE_NAME = 1
    INITIALIZER_NAME = 2
    SNAPSHOT_NAME = 3
    SAVE_SLICE_INFO_DEF = 4
    IS_RESOURCE = 5
    INITIAL_VALUE_NAME = 6
    TRAINABLE = 7
    SYNCHRONIZATION = 8
    AGGREGATION = 9


class SaveSliceInfoDef(enum.IntEnum):
    """Which slice of a partitioned variable a variable is."""

    FULL_NAME = 1
    FULL_SHAPE = 2
    VAR_OFFSET = 3
    VAR_SHAPE = 4


class SaverDef(enum.IntEnum):
    """saver.proto."""

    FILENAME_TENSOR_NAME = 1
    SAVE_TENSOR_NAME = 2
    RESTORE_OP_NAME = 3
    MAX_TO_KEEP = 4
    SHARDED = 5
    KEEP_CHECKPOINT_EVERY_N_HOURS = 6
    VERSION = 7
