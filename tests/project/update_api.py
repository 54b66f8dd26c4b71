"""Writes tests/project/api.txt anew, with signatures: review the difference."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import public_api


def main():
    public_api.LIST.write_text("".join(f"{line}\n" for line in public_api.public_lines()), "utf-8")
    print(f"wrote {public_api.LIST}")


if __name__ == "__main__":
    main()
