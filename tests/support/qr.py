"""Reading a code as a phone does: modules off the drawn page, then the bits (ISO/IEC 18004), with nothing of segno.

Level M up to version 13, which is what EPC069-12 allows, and Q up to 6, which a receipt may have; a code that was drawn
by a program needs no correction, so a module that is wrong is an error here.
"""

from __future__ import annotations

from typing import Any

import pypdfium2

#: version → (error correction codewords a block, ((blocks, data codewords of each), …)) of level M.
_BLOCKS = {
    1: (10, ((1, 16),)), 2: (16, ((1, 28),)), 3: (26, ((1, 44),)), 4: (18, ((2, 32),)), 5: (24, ((2, 43),)),
    6: (16, ((4, 27),)), 7: (18, ((4, 31),)), 8: (22, ((2, 38), (2, 39))), 9: (22, ((3, 36), (2, 37))),
    10: (26, ((4, 43), (1, 44))), 11: (30, ((1, 50), (4, 51))), 12: (22, ((6, 36), (2, 37))),
    13: (22, ((8, 37), (1, 38))),
}  # fmt: skip
_BLOCKS_Q = {
    1: (13, ((1, 13),)), 2: (22, ((1, 22),)), 3: (18, ((2, 17),)), 4: (26, ((2, 24),)), 5: (18, ((2, 15), (2, 16))),
    6: (24, ((4, 19),)),
}  # fmt: skip
_ALIGNED = {
    1: (), 2: (6, 18), 3: (6, 22), 4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42), 9: (6, 26, 46),
    10: (6, 28, 50), 11: (6, 30, 54), 12: (6, 32, 58), 13: (6, 34, 62),
}  # fmt: skip
_MASKS: Any = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, c: r % 2 == 0,
    lambda r, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)

Matrix = list[list[bool]]


def on_page(pdf: bytes, page: int, box: tuple[float, float, float, float]) -> Matrix:
    """The modules of the code that is drawn within a box (left, bottom, right, top in points) of a page."""
    document = pypdfium2.PdfDocument(pdf)
    scale = 8
    drawn = document[page]
    bitmap = drawn.render(scale=scale, grayscale=True)
    data, wide, high = bytes(bitmap.buffer), bitmap.stride, drawn.get_height()
    document.close()

    def dark(x: int, y: int) -> bool:
        return data[y * wide + x] < 110

    left, bottom, right, top = box
    columns, rows = (
        range(int(left * scale), int(right * scale)),
        range(int((high - top) * scale), int((high - bottom) * scale)),
    )
    ys = [y for y in rows if any(dark(x, y) for x in columns[::2])]
    xs = [x for x in columns if any(dark(x, y) for y in rows[::2])]
    first_x, first_y, side = xs[0], ys[0], xs[-1] - xs[0] + 1
    edge = next(x for x in range(first_x, first_x + side) if not dark(x, first_y + 2)) - first_x
    count = round(side / (edge / 7))
    count = 17 + 4 * round((count - 17) / 4)
    cell = side / count
    return [
        [dark(int(first_x + (c + 0.5) * cell), int(first_y + (r + 0.5) * cell)) for c in range(count)]
        for r in range(count)
    ]


def read(matrix: Matrix) -> tuple[int, bytes]:
    """(version, bytes) of a code of level M or Q. AssertionError where it is not one."""
    size = len(matrix)
    version = (size - 17) // 4
    level, mask = _format(matrix)
    assert level in ("M", "Q"), level
    bits = []
    for r, c in _path(size, version):
        bits.append(matrix[r][c] ^ _MASKS[mask](r, c))
    words = [_number(bits[at : at + 8]) for at in range(0, len(bits) - 7, 8)]
    return version, _message(_data(words, (_BLOCKS if level == "M" else _BLOCKS_Q)[version][1]), version)


def _number(bits: list[bool]) -> int:
    found = 0
    for bit in bits:
        found = found << 1 | bit
    return found


def _format(matrix: Matrix) -> tuple[str, int]:
    """Level and mask, as both copies of the format information say them."""
    size = len(matrix)
    first = [matrix[8][c] for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [matrix[r][8] for r in (7, 5, 4, 3, 2, 1, 0)]
    second = [matrix[size - 1 - n][8] for n in range(7)] + [matrix[8][size - 8 + n] for n in range(8)]
    assert first == second, "the two copies of the format differ"
    word = _number(first) ^ 0b101010000010010
    rest = word  # BCH(15, 5): a multiple of the generator
    for shift in range(4, -1, -1):
        if rest >> (shift + 10) & 1:
            rest ^= 0b10100110111 << shift
    assert rest == 0, "the format information is damaged"
    return "MLHQ"[word >> 13], word >> 10 & 7


def _path(size: int, version: int) -> list[tuple[int, int]]:
    """The modules that carry data, in the order in which they are written."""
    taken = [[False] * size for _row in range(size)]

    def take(top: int, left: int, rows: int, columns: int) -> None:
        for r in range(max(top, 0), min(top + rows, size)):
            for c in range(max(left, 0), min(left + columns, size)):
                taken[r][c] = True

    take(0, 0, 9, 9)
    take(0, size - 8, 9, 8)
    take(size - 8, 0, 8, 9)
    take(6, 0, 1, size)
    take(0, 6, size, 1)
    ends = {(6, 6), (6, size - 7), (size - 7, 6)}
    for r in _ALIGNED[version]:
        for c in _ALIGNED[version]:
            if (r, c) not in ends:
                take(r - 2, c - 2, 5, 5)
    if version >= 7:
        take(0, size - 11, 6, 3)
        take(size - 11, 0, 3, 6)
    found, upward, column = [], True, size - 1
    while column > 0:
        column -= column == 6
        rows = range(size - 1, -1, -1) if upward else range(size)
        found += [(r, c) for r in rows for c in (column, column - 1) if not taken[r][c]]
        upward, column = not upward, column - 2
    return found


def _data(words: list[int], groups: tuple[tuple[int, int], ...]) -> bytes:
    """The data codewords in their order, out of blocks that are written one codeword of each after the other."""
    lengths = [length for count, length in groups for _one in range(count)]
    blocks: list[list[int]] = [[] for _one in lengths]
    at = 0
    for turn in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if turn < length:
                block.append(words[at])
                at += 1
    return bytes(word for block in blocks for word in block)


def _message(data: bytes, version: int) -> bytes:
    """What the segments say: bytes, digits and capitals."""
    bits = "".join(f"{byte:08b}" for byte in data)
    found, at = b"", 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    while at + 4 <= len(bits):
        mode = take(4)
        if mode == 0:
            break
        if mode == 7:
            take(8)
            continue
        assert mode == 4, f"segment of mode {mode}"
        found += bytes(take(8) for _byte in range(take(8 if version < 10 else 16)))
    return found
