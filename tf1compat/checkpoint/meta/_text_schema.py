"""Fields of the messages that make up a graph, for reading their text form and as objects.

Each has its number and what it is: ``text``, ``bytes``, a number's kind, ``type`` (a DataType),
another message, or ``skip`` for what nothing here looks at; a star behind it says that there may be
several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["ASIDE", "DATA_TYPES", "GRAPH", "MESSAGES", "META_GRAPH", "Slot"]

GRAPH, META_GRAPH = "GraphDef", "MetaGraphDef"


class Slot(NamedTuple):
    """A field of a message: its number, what it is, and whether there may be several."""

    number: int
    kind: str
    several: bool = False


def _message(text: str) -> Mapping[str, Slot]:
    words = (one.split(":") for one in text.split())
    return {
        name: Slot(int(number), kind.removesuffix("*"), kind.endswith("*"))
        for name, number, kind in words
    }


def _map(value: str, key: str = "text") -> Mapping[str, Slot]:
    return {"key": Slot(1, key), "value": Slot(2, value)}


MESSAGES: Mapping[str, Mapping[str, Slot]] = {
    GRAPH: _message(
        "node:1:NodeDef* library:2:FunctionDefLibrary version:3:int versions:4:VersionDef "
        "debug_info:5:skip"
    ),
    META_GRAPH: _message(
        "meta_info_def:1:skip graph_def:2:GraphDef saver_def:3:skip collection_def:4:skip "
        "signature_def:5:Signatures asset_file_def:6:skip object_graph_def:7:skip"
    ),
    "Signatures": _map("SignatureDef"),
    "SignatureDef": _message("inputs:1:Infos outputs:2:Infos method_name:3:text defaults:4:skip"),
    "Infos": _map("TensorInfo"),
    "TensorInfo": _message(
        "name:1:text dtype:2:type tensor_shape:3:TensorShapeProto coo_sparse:4:skip "
        "composite_tensor:5:skip"
    ),
    "NodeDef": _message(
        "name:1:text op:2:text input:3:text* device:4:text attr:5:Attributes "
        "experimental_debug_info:6:DebugInfo experimental_type:7:skip"
    ),
    "DebugInfo": _message("original_node_names:1:text* original_func_names:2:text*"),
    "Attributes": _map("AttrValue"),
    "AttrValue": _message(
        "list:1:ListValue s:2:bytes i:3:int f:4:float b:5:bool type:6:type "
        "shape:7:TensorShapeProto tensor:8:TensorProto placeholder:9:text func:10:NameAttrList"
    ),
    "ListValue": _message(
        "s:2:bytes* i:3:int* f:4:float* b:5:bool* type:6:type* shape:7:TensorShapeProto* "
        "tensor:8:TensorProto* func:9:NameAttrList*"
    ),
    "NameAttrList": _message("name:1:text attr:2:Attributes"),
    "TensorShapeProto": _message("dim:2:Dim* unknown_rank:3:bool"),
    "Dim": _message("size:1:int name:2:text"),
    "TensorProto": _message(
        "dtype:1:type tensor_shape:2:TensorShapeProto version_number:3:int tensor_content:4:bytes "
        "float_val:5:float* double_val:6:double* int_val:7:int* string_val:8:bytes* "
        "scomplex_val:9:float* int64_val:10:int* bool_val:11:bool* dcomplex_val:12:double* "
        "half_val:13:int* resource_handle_val:14:skip variant_val:15:skip uint32_val:16:int* "
        "uint64_val:17:int* float8_val:18:bytes"
    ),
    "VersionDef": _message("producer:1:int min_consumer:2:int bad_consumers:3:int*"),
    "FunctionDefLibrary": _message(
        "function:1:FunctionDef* gradient:2:GradientDef* registered_gradients:3:skip"
    ),
    "GradientDef": _message("function_name:1:text gradient_func:2:text"),
    "FunctionDef": _message(
        "signature:1:OpDef node_def:3:NodeDef* ret:4:Texts attr:5:Attributes control_ret:6:Texts "
        "arg_attr:7:skip resource_arg_unique_id:8:skip"
    ),
    "Texts": _map("text"),
    "OpDef": _message(
        "name:1:text input_arg:2:ArgDef* output_arg:3:ArgDef* attr:4:AttrDef* summary:5:text "
        "description:6:text deprecation:8:skip is_aggregate:16:bool is_stateful:17:bool "
        "is_commutative:18:bool allows_uninitialized_input:19:bool control_output:20:text* "
        "is_distributed_communication:21:bool"
    ),
    "ArgDef": _message(
        "name:1:text description:2:text type:3:type type_attr:4:text number_attr:5:text "
        "type_list_attr:6:text handle_data:7:skip is_ref:16:bool experimental_full_type:17:skip"
    ),
    "AttrDef": _message(
        "name:1:text type:2:text default_value:3:AttrValue description:4:text has_minimum:5:bool "
        "minimum:6:int allowed_values:7:AttrValue"
    ),
}

# What the text form passes over, for some of it may be written as another message's text there.
ASIDE: Mapping[str, Mapping[str, Slot]] = {
    META_GRAPH: {
        **MESSAGES[META_GRAPH],
        **_message(
            "meta_info_def:1:MetaInfoDef saver_def:3:SaverDef collection_def:4:Collections "
            "asset_file_def:6:AssetFileDef*"
        ),
    },
    "MetaInfoDef": _message("stripped_op_list:2:OpList tags:4:text* tensorflow_version:5:text"),
    "OpList": _message("op:1:OpDef*"),
    "SaverDef": _message(
        "filename_tensor_name:1:text save_tensor_name:2:text restore_op_name:3:text"
    ),
    "Collections": _map("CollectionDef"),
    "CollectionDef": _message("node_list:1:NodeList bytes_list:2:BytesList any_list:5:AnyList"),
    "NodeList": _message("value:1:text*"),
    "BytesList": _message("value:1:bytes*"),
    "AnyList": _message("value:1:Any*"),
    "Any": _message("type_url:1:text value:2:bytes"),
    "AssetFileDef": _message("tensor_info:1:TensorInfo filename:2:text"),
    "TensorInfo": {
        **MESSAGES["TensorInfo"],
        **_message("coo_sparse:4:CooSparse"),
    },
    "CooSparse": _message("values_tensor_name:1:text"),
}
"""Messages, and of some of those above more fields, that are read of the binary form alone."""

_NAMES = (
    *("INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8"),
    *("STRING", "COMPLEX64", "INT64", "BOOL", "QINT8", "QUINT8", "QINT32"),
    *("BFLOAT16", "QINT16", "QUINT16", "UINT16", "COMPLEX128", "HALF", "RESOURCE"),
    *("VARIANT", "UINT32", "UINT64", "FLOAT8_E5M2", "FLOAT8_E4M3FN"),
)
DATA_TYPES: Mapping[str, int] = {
    **{f"DT_{name}": number for number, name in enumerate(_NAMES)},
    **{f"DT_{name}_REF": 100 + number for number, name in enumerate(_NAMES) if number},
}
"""The numbers of DataTypes, by their names."""
