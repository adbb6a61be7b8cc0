"""PNG, JPEG and TIFF bytes -> grey values, by Pillow. For workers (`kneeoa.films.apart`)."""

import warnings

from PIL.TiffImagePlugin import OPEN_INFO

# Decoders warn about odd files with the file's own content; that must not reach a log.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Kinds of TIFF that Pillow can decode, and does not open: numbers of 64 bits with a point, and
# whole ones whose zero is white, or of 32 bits in the other byte order.
for _order, _mark in (b"II", ""), (b"MM", "B"):
    for _zero in (0, 1):
        OPEN_INFO.setdefault((_order, _zero, (3,), 1, (64,), ()), ("F", f"F;64{_mark}F"))
        OPEN_INFO.setdefault((_order, _zero, (1,), 1, (16,), ()), (f"I;16{_mark}", f"I;16{_mark}"))
        OPEN_INFO.setdefault((_order, _zero, (1,), 1, (32,), ()), ("I", f"I;32{_mark}"))
        OPEN_INFO.setdefault((_order, _zero, (2,), 1, (16,), ()), ("I", f"I;16{_mark}S"))
        OPEN_INFO.setdefault((_order, _zero, (2,), 1, (32,), ()), ("I", f"I;32{_mark}S"))
