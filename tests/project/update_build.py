"""Writes BUILD anew from the source tree."""

import build_targets
import source_tree


def main():
    path = source_tree.ROOT / "BUILD"
    path.write_text(build_targets.rendered(), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
