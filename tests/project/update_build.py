"""Writes the BUILD files anew from the source tree, and removes those that have no folder left."""

import build_targets
import source_tree as tree


def main():
    files = build_targets.build_files()
    for path in tree.build_files():
        if tree.relative(path.parent).removeprefix(".") not in files:
            path.unlink()
    for folder, text in files.items():
        (tree.ROOT / folder / "BUILD").write_text(text, encoding="utf-8")
    print(f"wrote {len(files)} BUILD files")


if __name__ == "__main__":
    main()
