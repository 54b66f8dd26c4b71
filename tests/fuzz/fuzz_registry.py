"""All fuzz targets. To add one: a function and its seeds in one of the modules, and a line here."""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
from collections.abc import Callable

_CORPUS = pathlib.Path(__file__).parent / "corpus"


@dataclasses.dataclass(frozen=True)
class Target:
    """One parser, or one way through several, that takes any bytes.

    Attributes:
      name: of the function in `module` that takes them and raises for a finding; the function
        called so with ``_seeds`` behind returns inputs to begin with.
      module: the module of this folder that has both.
      form: how its inputs are mutated, one of ``fuzz_mutations.FORMS``.
      imports: a heavy library that it needs: ``"tensorflow"``, or ``""``.
      longest: the bytes of an input that are tried at most.
      quick: how many mutations the suite tries.
    """

    name: str
    module: str
    form: str = "bytes"
    imports: str = ""
    longest: int = 4096
    quick: int = 200

    @property
    def one_input(self) -> Callable[[bytes], None]:
        """The function that takes one input."""
        return getattr(importlib.import_module(self.module), self.name)

    def seeds(self) -> list[bytes]:
        """Returns inputs to begin with, made from the project's own fixtures, and found before.

        Those that were found stand in a file each in ``corpus/NAME``.
        """
        made: list[bytes] = getattr(importlib.import_module(self.module), f"{self.name}_seeds")()
        found = sorted(_CORPUS.joinpath(self.name).glob("*"))
        return made + [path.read_bytes() for path in found]


TARGETS = {
    target.name: target
    for target in (
        Target("wire", "fuzz_tables", "proto", longest=1024),
        Target("varint_round_trip", "fuzz_tables", longest=64),
        Target("snappy", "fuzz_tables", longest=1024),
        Target("table_block", "fuzz_tables", longest=2048),
        Target("table_file", "fuzz_tables", longest=2048),
        Target("slices", "fuzz_slices", longest=128),
        Target("slice_keys", "fuzz_slices", "pieces", longest=256),
        Target("slice_messages", "fuzz_slices", "proto", longest=256),
        Target("bundle_record", "fuzz_bundles", "proto", longest=512),
        Target("bundle", "fuzz_bundles", "pieces", quick=50),
        Target("bundle_damage", "fuzz_bundles", longest=16, quick=60),
        Target("bundle_written", "fuzz_bundles", "pieces", longest=1024, quick=40),
        Target("strings", "fuzz_bundles", "pieces", longest=1024, quick=100),
        Target("v1", "fuzz_v1", "pieces", quick=50),
        Target("v1_damage", "fuzz_v1", longest=16, quick=60),
        Target("tensor_proto", "fuzz_v1", longest=1024),
        Target("object_graph", "fuzz_objects", "proto", quick=60),
        Target("object_based", "fuzz_objects", "proto", quick=8),
        Target("training_graph", "fuzz_graphs", "proto", longest=32768, quick=100),
        Target("meta", "fuzz_graphs", "proto", longest=32768, quick=8),
        Target("meta_settings", "fuzz_graphs", "proto", longest=32768, quick=6),
        Target("saved_model", "fuzz_graphs", "proto", longest=32768, quick=4),
        Target("graph_as_objects", "fuzz_graphs", "proto", longest=32768, quick=6),
        Target("graph_def", "fuzz_protobuf_graphs", "proto", "tensorflow", longest=32768, quick=6),
        Target("graph_file", "fuzz_protobuf_graphs", "proto", "tensorflow", longest=32768, quick=4),
        Target("collected", "fuzz_protobuf_graphs", "proto", "tensorflow", longest=32768, quick=20),
        Target("json_text", "fuzz_json", "text", longest=2048),
        Target("state_file", "fuzz_texts", "text"),
        Target("state_text", "fuzz_states", "text", longest=1024),
        Target("foreign", "fuzz_foreign", quick=100),
        Target("rules", "fuzz_texts", "text", quick=100),
        Target("pasted_rules", "fuzz_words", "pieces", longest=512),
        Target("patterns", "fuzz_patterns", "text", longest=128),
        Target("printed", "fuzz_words", "text", longest=512),
        Target("object_keys", "fuzz_words", "text", longest=1024),
        Target("dtypes", "fuzz_words", "text", longest=64),
        Target("feeds", "fuzz_words", "text", "tensorflow", longest=256, quick=40),
        Target("names", "fuzz_texts", "text", longest=512, quick=100),
        Target("templates", "fuzz_texts", "text", longest=256),
        Target("manifest", "fuzz_texts", "json"),
        Target("written_manifest", "fuzz_written", "json", quick=100),
        Target("folder_manifest", "fuzz_written", "json", quick=100),
        Target("vocabulary", "fuzz_plans", "text", "tensorflow"),
        Target("layouts", "fuzz_plans", "text", "tensorflow", longest=256),
        Target("plan", "fuzz_plans", "json", "tensorflow", longest=8192),
        Target("hdf5", "fuzz_archives", "bytes", "tensorflow", longest=16384, quick=40),
        Target("keras_zip", "fuzz_archives", "bytes", "tensorflow", longest=16384, quick=40),
        Target("keras_members", "fuzz_archives", "pieces", "tensorflow", longest=16384, quick=40),
        Target("weights_damage", "fuzz_archives", "bytes", "tensorflow", longest=16, quick=20),
        Target("keras_config", "fuzz_archives", "json", "tensorflow", longest=8192, quick=60),
        Target("hdf5_tree", "fuzz_hdf5", "pieces", "tensorflow", quick=40),
        Target("hdf5_manifest", "fuzz_hdf5", "json", "tensorflow", longest=8192, quick=20),
        Target("keras_metadata", "fuzz_hdf5", "json", "tensorflow", longest=8192, quick=20),
        Target("npz_arrays", "fuzz_npz", "pieces", longest=2048, quick=100),
        Target("npz", "fuzz_archives", "bytes", "tensorflow", quick=100),
        Target("frozen_graph", "fuzz_frozen", "proto", longest=8192, quick=40),
        Target("graph_text", "fuzz_frozen_values", "text", "tensorflow", quick=200),
        Target("constant_values", "fuzz_frozen_values", "proto", "tensorflow", longest=512),
        Target("keras_source", "fuzz_keras_source", "bytes", "tensorflow", 16384, quick=40),
        Target("npz_source", "fuzz_sources", quick=100),
        Target("safetensors_file", "fuzz_sources", longest=1024),
        Target("safetensors_index", "fuzz_sources", "pieces", longest=1024, quick=100),
    )
}
