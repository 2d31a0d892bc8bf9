"""Money: half-up against sums done by hand, splits that always add up, and a parser that never guesses."""

from __future__ import annotations

from fractions import Fraction

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from app import money
from app.errors import UserError

amounts = st.integers(-money.MAX_MINOR, money.MAX_MINOR)
prices = st.integers(0, money.MAX_MINOR)
rates = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("numerator", "denominator", "result"),
    [
        (5, 2, 3),
        (-5, 2, -3),
        (3, 2, 2),
        (7, 2, 4),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (0, 7, 0),
        (25, 10, 3),
        (-25, 10, -3),
    ],
)
def test_half_goes_up_on_the_absolute_value(numerator: int, denominator: int, result: int) -> None:
    assert money.divide_half_up(numerator, denominator) == result


@given(amounts, st.integers(1, 10**6))
def test_rounding_is_never_more_than_half_away_and_symmetric(numerator: int, denominator: int) -> None:
    found = money.divide_half_up(numerator, denominator)
    assert abs(Fraction(numerator, denominator) - found) <= Fraction(1, 2)
    assert money.divide_half_up(-numerator, denominator) == -found


def test_a_denominator_is_positive() -> None:
    for denominator in (0, -1):
        with pytest.raises(ValueError, match="positive"):
            money.divide_half_up(1, denominator)


@pytest.mark.parametrize(
    ("gross", "rate", "net", "tax"),
    [
        (33000, 2000, 27500, 5500),  # 330.00 / 1.2 = 275.00
        (10000, 2000, 8333, 1667),  # 83.333…
        (3, 2000, 3, 0),  # 0.025 → 0.03
        (2400, 1000, 2182, 218),  # 21.8181…
        (1, 10000, 1, 0),  # 0.005 → 0.01
        (999, 0, 999, 0),
        (119, 1900, 100, 19),
    ],
)
def test_tax_out_of_a_gross_price(gross: int, rate: int, net: int, tax: int) -> None:
    assert money.split_gross(gross, rate) == money.Split(net, tax, gross)


@pytest.mark.parametrize(
    ("net", "rate", "tax"),
    [(25, 1000, 3), (15, 1000, 2), (33333, 2000, 6667), (100, 1900, 19), (2, 2500, 1), (1, 2500, 0), (0, 2000, 0)],
)
def test_tax_on_a_net_price(net: int, rate: int, tax: int) -> None:
    assert money.split_net(net, rate) == money.Split(net, tax, net + tax)


@pytest.mark.parametrize(
    ("net", "rate", "tax", "half_even"),
    [
        (2, 2500, 1, 0),  # 0.02 x 25 % = 0.005
        (6, 2500, 2, 2),  # 0.06 x 25 % = 0.015: here both go up
        (10, 2500, 3, 2),  # 0.10 x 25 % = 0.025
        (18, 2500, 5, 4),  # 0.18 x 25 % = 0.045
        (410, 2500, 103, 102),  # 4.10 x 25 % = 1.025
        (1_002, 2500, 251, 250),  # 10.02 x 25 % = 2.505
        (5, 1000, 1, 0),  # 0.05 x 10 % = 0.005
        (1_250, 1900, 238, 238),  # 12.50 x 19 % = 2.375
        (50, 1900, 10, 10),  # 0.50 x 19 % = 0.095
        (250, 1900, 48, 48),  # 2.50 x 19 % = 0.475
        (450, 1900, 86, 86),  # 4.50 x 19 % = 0.855
        (150, 1900, 29, 28),  # 1.50 x 19 % = 0.285
    ],
)
def test_half_of_a_tax_goes_up_whatever_half_even_does(net: int, rate: int, tax: int, half_even: int) -> None:
    assert money.split_net(net, rate) == money.Split(net, tax, net + tax)
    assert round(Fraction(net * rate, 10_000)) == half_even, "Python's own rounding: what a float or Decimal may do"


@pytest.mark.parametrize(
    ("gross", "rate", "net", "below", "above"),
    [
        (2, 2500, 2, 1, 3),  # 0.01 + 0.00 and 0.02 + 0.01; 0.02 / 1.25 = 0.016
        (7, 2500, 6, 6, 8),  # 0.05 + 0.01 and 0.06 + 0.02; 0.07 / 1.25 = 0.056
        (3, 2000, 3, 2, 4),  # 0.02 + 0.00 and 0.03 + 0.01; 0.03 / 1.2 = 0.025
        (9, 2000, 8, 8, 10),  # 0.07 + 0.01 and 0.08 + 0.02; 0.09 / 1.2 = 0.075
        (9_999, 2000, 8_333, 9_998, 10_000),  # 83.32 + 16.66 and 83.33 + 16.67; 99.99 / 1.2 = 83.325
        (16, 1000, 15, 15, 17),  # 0.14 + 0.01 and 0.15 + 0.02; 0.16 / 1.1 = 0.1454
        (10, 1900, 8, 10, 10),  # 0.08 + 0.02: this one is reached
    ],
)
def test_a_gross_price_that_no_net_one_reaches_is_kept(gross: int, rate: int, net: int, below: int, above: int) -> None:
    reached = {money.split_net(one, rate).gross_minor for one in range(gross + 1)}
    assert (gross in reached) is (below == above == gross)
    if gross not in reached:
        assert (max(one for one in reached if one < gross), min(one for one in reached if one > gross)) == (
            below,
            above,
        )
    assert money.split_gross(gross, rate) == money.Split(net, gross - net, gross)


@pytest.mark.parametrize(
    ("price", "basis_points", "off"),
    [
        (10, 500, 1),  # 5 % of 0.10 = 0.005
        (100, 250, 3),  # 2.5 % of 1.00 = 0.025
        (20, 1250, 3),  # 12.5 % of 0.20 = 0.025
        (12_505, 1000, 1_251),  # 10 % of 125.05 = 12.505
        (9_999, 333, 333),  # 3.33 % of 99.99 = 3.329667
        (333, 3333, 111),  # 33.33 % of 3.33 = 1.109889
        (1, 4999, 0),  # 49.99 % of 0.01 = 0.004999
        (1, 5000, 1),  # 50 % of 0.01 = 0.005
        (33_000, 10_000, 33_000),
    ],
)
def test_a_share_of_a_price(price: int, basis_points: int, off: int) -> None:
    assert money.share(price, basis_points) == off


@given(prices, rates)
def test_a_gross_price_is_kept_and_its_net_is_the_nearest(gross: int, rate: int) -> None:
    split = money.split_gross(gross, rate)
    assert split.net_minor + split.tax_minor == split.gross_minor == gross
    assert abs(Fraction(gross * 10_000, 10_000 + rate) - split.net_minor) <= Fraction(1, 2)
    assert split.tax_minor >= 0


@given(amounts, st.integers(1, 200))
def test_parts_sum_to_the_whole_and_differ_by_at_most_one(total: int, parts: int) -> None:
    found = money.spread(total, parts)
    assert (len(found), sum(found)) == (parts, total)
    assert max(found) - min(found) <= 1
    assert [abs(part) for part in found] == sorted((abs(part) for part in found), reverse=True)


def test_nothing_is_spread_over_nobody() -> None:
    with pytest.raises(ValueError, match="at least one"):
        money.spread(100, 0)


@pytest.mark.parametrize(
    ("typed", "currency", "locale", "minor"),
    [
        ("12", "EUR", "en", 1200),
        ("1,284.50", "EUR", "en", 128450),
        ("€1,284.50", "EUR", "en", 128450),
        ("EUR 5", "EUR", "en", 500),
        ("1.284,50 €", "EUR", "de", 128450),
        ("1 284,50", "EUR", "fr", 128450),
        ("0.5", "EUR", "en", 50),
        ("0", "EUR", "en", 0),
        ("1,500", "JPY", "en", 1500),
        ("1.234", "KWD", "en", 1234),
        ("007", "EUR", "en", 700),
        ("10000000000.00", "EUR", "en", 10**12),
        ("1'284.50", "CHF", "de-CH", 128450),
        ("1’284.50", "CHF", "de-CH", 128450),
        ("₹12,34,567.89", "INR", "en-IN", 123456789),
        ("1,234,567.89", "INR", "en-IN", 123456789),
    ],
)
def test_amounts_are_read_in_the_centers_notation(typed: str, currency: str, locale: str, minor: int) -> None:
    assert money.parse(typed, currency, locale) == minor


def test_every_locale_reads_what_it_shows() -> None:
    for locale in locale_identifiers():
        for currency in ("EUR", "JPY", "KWD"):
            for shown in (money.format_plain(123456789, currency, locale), money.format(123456789, currency, locale)):
                assert money.parse(shown, currency, locale) == 123456789, (locale, shown)


@pytest.mark.parametrize("typed", ["1,23", "12,34,56", "1,2,345", "123,45,678", ",12,345", "12,,345"])
def test_groups_stand_where_the_locale_puts_them(typed: str) -> None:
    with pytest.raises(UserError, match=r"money\.not_an_amount"):
        money.parse(typed, "INR", "en-IN")


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "1_000", "١٢٣", "NaN", "inf", "1e5", "-0", "-5", "+5", "1,28", "12,3456", "1.234", "1.", ".5", "1.2.3",
        "0x10", "1,,000", ",100", "twelve", "１２", "1 2", "=1+1", "1\n2", "½",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UserError) as refused:
        money.parse(typed, "EUR", "en", field="given")
    key = "money.not_an_amount" if typed.strip() else "money.empty"
    assert (refused.value.key, refused.value.field) == (key, "given")
    assert refused.value.params["example"] == "1,234.50"


@pytest.mark.parametrize("typed", ["10000000000.01", "9" * 18, "9" * 19, "9" * 400])
def test_what_is_too_much_is_refused(typed: str) -> None:
    with pytest.raises(UserError, match=r"money\.too_large"):
        money.parse(typed, "EUR", "en")


@pytest.mark.parametrize(
    ("currency", "locale"), [("EUR", "en"), ("EUR", "de-AT"), ("JPY", "en"), ("KWD", "en"), ("EUR", "fr")]
)
@given(minor=prices)
def test_what_is_shown_can_be_typed_again(currency: str, locale: str, minor: int) -> None:
    assert money.parse(money.format_plain(minor, currency, locale), currency, locale) == minor
    assert money.parse(money.format(minor, currency, locale), currency, locale) == minor


@given(amounts)
def test_the_plain_decimal_of_an_amount_is_exact(minor: int) -> None:
    assert Fraction(money.to_major(minor, "EUR")) == Fraction(minor, 100)
    assert Fraction(money.to_major(minor, "JPY")) == minor


@pytest.mark.parametrize(
    ("account", "holds"),
    [
        ("AT61 1904 3002 3457 3201", True), ("at611904300234573201", True), ("DE89370400440532013000", True),
        ("NO9386011117947", True), ("MT84MALT011000012345MTLCAST001S", True), ("AT611904300234573202", False),
        ("AT161904300234573201", False), ("AT61", False), ("", False), ("12345678901234567", False),
        ("ATXX1904300234573201", False), ("AT61190430023457320١", False), ("AT61-1904-3002-3457-3201", False),
    ],
)  # fmt: skip
def test_an_account_number_is_proven_by_its_check_digits(account: str, holds: bool) -> None:
    assert money.is_iban(account) is holds
