"""Draws the graph in docs/architecture.md anew from the imports."""

import architecture


def main():
    architecture.PAGE.write_text(architecture.redrawn(), encoding="utf-8")
    print(f"wrote {architecture.PAGE}")


if __name__ == "__main__":
    main()
