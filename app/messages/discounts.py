"""Sentences about discounts, coupons and quotes. A refusal says what is still true."""

from app.text import N_

MESSAGES = {
    "discounts.explained": N_(
        "{used}. Not used: {others}. Only one discount applies to a line: by hand, else coupon, else company, else siblings, else everyone."
    ),
    "discounts.by_hand": N_("Typed by hand"),
    "discounts.none_by_hand": N_("No discount, by hand"),
    "discounts.unknown_code": N_("There is no coupon “{code}”; without one the price stays {price:money}."),
    "discounts.switched_off": N_("Coupon {code} is switched off; without it the price stays {price:money}."),
    "discounts.not_yet": N_("Coupon {code} counts from {on:date}; until then the price stays {price:money}."),
    "discounts.over": N_("Coupon {code} counted until {on:date}; without it the price stays {price:money}."),
    "discounts.wrong_course": N_("Coupon {code} is for {course} alone; without it the price stays {price:money}."),
    "discounts.used_up": N_(
        "Coupon {code} has been used as often as it may be ({most}); without it the price stays {price:money}."
    ),
    "discounts.used_by_student": N_(
        "{name} has used coupon {code} already; that discount stands, and here the price stays {price:money}."
    ),
    "discounts.twice": N_("Coupon {code} is written twice; it counts once, on one line."),
    "discounts.no_line": N_(
        "Coupon {code} is left over: what is added has a coupon or a quoted price already, and stays {price:money}."
    ),
    "discounts.nothing_off": N_("Coupon {code} takes nothing off here; the price stays {price:money}."),
    "discounts.one_of_two": N_("Type either an amount or a percentage above zero."),
    "discounts.percent": N_("A percentage is above 0 and at most 100."),
    "discounts.code_needed": N_("A coupon needs a code of letters or digits, like SUMMER26."),
    "discounts.code_taken": N_("Code {code} is that of “{name}” already; that one stays as it is."),
    "discounts.company": N_("Choose the company whose contract this is."),
    "discounts.course": N_("Choose a course of the catalog, or all of them."),
    "discounts.day": N_("“{text}” is not a date. Write it like 2026-11-24."),
    "discounts.days": N_("The last day is not before the first, {on:date}."),
    "discounts.count": N_("Write a whole number, at least 1, or leave it empty."),
    "discounts.in_use": N_(
        "“{name}” has lowered a price already, so it stays as it is. Switch it off and add another one."
    ),
    "quotes.timeline_offered": N_("{course} quoted at {amount:money} until {until:date} ({number})."),
    "quotes.timeline_withdrawn": N_("Quote {number} of {course} withdrawn."),
    "quotes.day": N_("A price is promised from today on, for {most} days at most."),
    "quotes.expired": N_("Quote {number} counted until {on:date}; today {course} costs {price:money}."),
    "quotes.withdrawn": N_("Quote {number} was withdrawn; today {course} costs {price:money}."),
    "quotes.used": N_("Quote {number} was used for {enrollment} already; today {course} costs {price:money}."),
    "quotes.other": N_(
        "Quote {number} is for {name}, {course} and whoever was to pay then; without it the price is {price:money} today."
    ),
}
