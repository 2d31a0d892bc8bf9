"""A key as people copy it from paper: 13 groups of four letters and a check.

Crockford's alphabet has no I, L, O and U; typed all the same, the first three read as 1, 1 and 0. The check of a group
is computed in GF(32) with another weight for each place and the group's own number, so that one wrong letter, two
swapped letters and two swapped groups are each found, and found in their group.
"""

from __future__ import annotations

from app.errors import UserError
from app.store import cipher

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, LETTERS = 13, 4
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def encode(key: str) -> str:
    """The code of a 256-bit key in hex, its groups joined by dashes."""
    value = int(key, 16) << (GROUPS * LETTERS * 5 - 256)
    digits = [(value >> (5 * place)) & 31 for place in reversed(range(GROUPS * LETTERS))]
    groups = [digits[at : at + LETTERS] for at in range(0, len(digits), LETTERS)]
    return "-".join(
        "".join(ALPHABET[digit] for digit in (*group, _check(number, group))) for number, group in enumerate(groups)
    )


def decode(code: str) -> str:
    """The key of a typed code; case, dashes and blanks do not matter.

    UserErrors beside `code`: `secrecy.code_letter`, `secrecy.code_length`, `secrecy.code_group` with the number of the
    first group that is wrong.
    """
    typed = "".join(char for char in code.upper() if not char.isspace() and char not in "-–—_.").translate(_READ_AS)
    for char in typed:
        if char not in ALPHABET:
            raise UserError("secrecy.code_letter", "code", letter=char)
    size = LETTERS + 1
    digits = [ALPHABET.index(char) for char in typed]
    groups = [digits[at : at + size] for at in range(0, len(digits), size)]
    for number, group in enumerate(groups[:GROUPS]):
        if len(group) == size and _check(number, group[:LETTERS]) != group[LETTERS]:
            raise UserError("secrecy.code_group", "code", group=number + 1, groups=GROUPS)
    if len(digits) != GROUPS * size:
        raise UserError("secrecy.code_length", "code", groups=GROUPS, letters=size, found=len(digits))
    value = 0
    for group in groups:
        for digit in group[:LETTERS]:
            value = value << 5 | digit
    spare = GROUPS * LETTERS * 5 - 256
    if value & ((1 << spare) - 1):
        raise UserError("secrecy.code_group", "code", group=GROUPS, groups=GROUPS)
    return f"{value >> spare:064x}"


def know(code: str) -> str:
    """Know the key of a code for as long as the program runs; returns its id. Errors as from `decode`."""
    return cipher.remember(decode(code))


def same_group(typed: str, group: str) -> bool:
    """Whether a group was typed as it stands on the paper."""
    return typed.strip().upper().translate(_READ_AS) == group


def _check(number: int, group: list[int]) -> int:
    total = number
    weight = 1
    for digit in group:
        weight = _times(weight, 2)
        total ^= _times(weight, digit)
    return total


def _times(a: int, b: int) -> int:
    """Multiply in GF(32), modulo x^5 + x^2 + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 32:
            a ^= 0b100101
        b >>= 1
    return product
