"""Files are opened in one place; whoever else opens one, opens what this process made itself."""

import ast

import pytest
import source_tree as tree

OPENERS = {
    ("", "open"),
    ("os", "open"),
    ("io", "open"),
    ("io", "open_code"),
    ("io", "FileIO"),
    ("codecs", "open"),
    ("h5py", "File"),
    ("zipfile", "ZipFile"),
    ("tarfile", "open"),
    ("gzip", "open"),
    ("np", "load"),
    ("np", "fromfile"),
    ("np", "loadtxt"),
    ("np", "genfromtxt"),
    ("np", "memmap"),
    ("mmap", "mmap"),
    ("json", "load"),
    ("tomllib", "load"),
    ("shutil", "copyfile"),
    ("shutil", "copy"),
    ("shutil", "copy2"),
    ("shutil", "copytree"),
    ("shutil", "move"),
}
# Of whatever they are methods.
METHODS = {
    "read_text",
    "write_text",
    "write_bytes",
    "load_model",
    "load_weights",
    "load_checkpoint",
    "NewCheckpointReader",
    "import_meta_graph",
    "GFile",
    "FastGFile",
}

# Module and what it calls: why it may.
ALLOWED = {
    "regular_files: os.open": "the opener",
    "text_files: open": "of a descriptor that it gave",
    "files.regular: io.FileIO": "of a descriptor that it gave",
    "files.regular: os.open": "the path of a descriptor that it gave, in a scratch folder",
    "files.regular: open": "makes a copy in a scratch folder",
    "files._remote: open": "makes a copy in a scratch folder",
    "files.zip_files: zipfile.ZipFile": "of a file that is open",
    "files.claims: os.open": "the lock beside an output, without following links or waiting",
    "files._access: os.open": "a staged file, without following links or waiting",
    "files.syncing: os.open": "a staged file or a folder, without waiting",
    "files.scratch: os.open": "a folder that it made, or one to clear, without following links",
    "files.file_sink: os.open": "a staged file",
    "files.file_sink: mmap.mmap": "memory, of no file",
    "files.appending: os.open": "makes a staged file",
    "files.appending: mmap.mmap": "memory, of no file",
    "files.folders: open": "makes a file in a staged folder",
    "files.placing: os.open": "makes a file where there is none",
    "files.placing: open": "the record in its own staging area",
    "checkpoint.state_file: open": "makes a staged file",
    "checkpoint.bundle.writer: open": "makes staged files",
    "checkpoint.checkpoint_writers: zipfile.ZipFile": "makes a staged file",
    "checkpoint.served_graph: open": "makes files in a staged folder",
    "checkpoint.bundle._read_back: open": "a staged file",
    "keras3.formats._weights_h5: model.load_weights": "a path that leads to an open file",
    "keras3.formats.keras_file: keras.saving.load_model": "a path that leads to an open file",
    "keras3.formats._keras_zip: zipfile.ZipFile": "a scratch file and a staged one",
    "keras3.formats._keras_zip: open": "scratch files",
    "keras3.formats.entry_reading: tf.train.load_checkpoint": "staged",
    "keras3.formats.programs.tflite: open": "makes a staged file",
    "keras3.formats.programs.tflite: zipfile.ZipFile": "a staged file",
    "keras3.formats.safetensors_files.folder: open": "makes a file in a staged folder",
    "keras3.formats.hdf5._checked_file: h5py.File": "of a file that is open",
    "keras3.formats.hdf5._checked_file: os.open": "a scratch file or a staged one",
    "keras3.formats.hdf5.model_names: h5py.File": "scratch files",
    "keras3.formats.hdf5.sealing: open": "a staged file",
    "keras3.formats.hdf5.source: h5py.File": "of a file that is open",
    "keras3.formats.hdf5.space: h5py.File": "a scratch file",
    "apps._outlets: os.open": "the null device",
    "apps._app: os.open": "the null device",
    "testing.golden: open": "makes a staged file",
}


def openers(parsed):
    """Returns what a module calls that opens files: ``"os.open"``, ``"path.read_text"``."""
    given, methods = names_imported(parsed), METHODS - defined_in(parsed)
    found = set()
    for node in tree.nodes(parsed, ast.Call):
        if isinstance(node.func, ast.Name):
            whole = given.get(node.func.id, ("", node.func.id))
            if whole in OPENERS or whole[1] in methods:
                found.add(".".join(filter(None, whole)))
        elif isinstance(node.func, ast.Attribute):
            method = node.func.attr
            if method in METHODS or any(method == called for _, called in OPENERS):
                owner = ast.unparse(node.func.value)
                if method in METHODS or (owner, method) in OPENERS:
                    found.add(f"{owner}.{method}")
    return found


def names_imported(parsed):
    """Returns where names come from that a module imports, the package's own left out."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in tree.nodes(parsed, ast.ImportFrom)
        if node.module
        for alias in node.names
        if not node.module.startswith(tree.PACKAGE)
    }


def defined_in(parsed):
    """Returns the functions that a module defines or has from others of the package."""
    own = {node.name for node in tree.nodes(parsed, ast.FunctionDef)}
    return own | {
        alias.asname or alias.name
        for node in tree.nodes(parsed, ast.ImportFrom)
        if (node.module or "").startswith(tree.PACKAGE)
        for alias in node.names
    }


def test_files_of_others_are_opened_in_one_place():
    found = {
        f"{module.removeprefix('tf1compat.')}: {call}"
        for module, path in tree.modules().items()
        for call in openers(tree.parse(path))
    }
    extra = found - set(ALLOWED)
    assert extra == set(), "open with tf1compat.regular_files, files.regular or text_files"
    assert set(ALLOWED) - found == set(), "no longer there"


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("open(path)", "open"),
        ("import os\nos.open(path, 0)", "os.open"),
        ("import h5py\nh5py.File(path)", "h5py.File"),
        ("from zipfile import ZipFile\nZipFile(path)", "zipfile.ZipFile"),
        ("import pathlib\npathlib.Path(p).read_text()", "pathlib.Path(p).read_text"),
        ("import numpy as np\ndef f(p):\n    return np.load(p)", "np.load"),
        ("import keras\nkeras.saving.load_model(p)", "keras.saving.load_model"),
        ("from keras.saving import load_model as load\nload(p)", "keras.saving.load_model"),
    ],
)
def test_the_guard_sees_openers(code, call):
    assert openers(ast.parse(code)) == {call}


def test_the_guard_lets_others_pass():
    code = "from tf1compat.text_files import read_text\nread_text(p)\narchive.open(name)"
    assert openers(ast.parse(code)) == set()
