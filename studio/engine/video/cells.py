"""The square cells of a picture in which motion is measured: how large they are, how many fit."""

CELL_PIXELS = 8


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Whole cells down and across; what is left at the lower and right edge belongs to no cell."""
    return height // CELL_PIXELS, width // CELL_PIXELS
