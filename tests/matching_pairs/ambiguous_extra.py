"""Seven equal layers for six: numbers say that the first is left over, order that the last is."""

from matching_pairs.chains import dense_shapes, sequential

SOURCES = {}
for _number in range(7):
    SOURCES |= dense_shapes(f"stack/layer_{_number}", 8, 8)
TRUTH = {
    f"block_{number}/{leaf}": (
        f"stack/layer_{number - 1}/{leaf}",
        f"stack/layer_{number}/{leaf}",
    )
    for number in range(1, 7)
    for leaf in ("kernel", "bias")
}


def build():
    return sequential((8,) * 7, names=[f"block_{number}" for number in range(1, 7)])
