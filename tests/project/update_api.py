"""Writes tests/project/api.txt anew from the folders' ``__all__``: review the difference."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import public_api


def main():
    public_api.LIST.write_text("".join(f"{n}\n" for n in public_api.public_names()), "utf-8")
    print(f"wrote {public_api.LIST}")


if __name__ == "__main__":
    main()
