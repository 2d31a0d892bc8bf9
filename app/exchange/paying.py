"""Who pays, in a list of people: told from the cells, matched with those who are there, made once where new.

Somebody is the same by their e-mail address, whatever the name there is; a company also by its name, where no address
of it is known yet. Without one they are the same by the name, where nothing tells them apart: a company; or a person of
whom no address is known, and no other phone number. A name alone is shared by strangers, and what one of them owes is
not the other's to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app import text
from app.desk.people import check_email, check_phone
from app.errors import UserError
from app.lists.known import KnownPayer

#: The fields of a list that are about the payer; `payer_name` stands for all of them where somebody is changed.
FIELDS = ("payer_name", "payer_kind", "payer_email", "payer_phone")

_KINDS = {
    "guardian": "guardian parent mother father mum dad vormund eltern elternteil mutter vater erziehungsberechtigte"
    " erziehungsberechtigter parents mere pere tuteur tutrice representant_legal padre madre tutor tutora genitore"
    " genitori rodzic rodzice matka ojciec opiekun veli anne baba ebeveyn",
    "company": "company firm employer business organization organisation firma unternehmen betrieb arbeitgeber"
    " entreprise societe employeur empresa compania azienda ditta societa datore_di_lavoro pracodawca przedsiebiorstwo"
    " sirket isveren kurum",
    "other": "other sonstige sonstiges andere autre otro otra altro altra inny inne diger office amt behorde",
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words.split()}
#: How the names of companies end; whoever is called so is one where the list does not say.
_LEGAL_FORM = re.compile(
    r"\b(gmbh|ag|kg|ohg|ug|e\.?k|mbh|ltd|limited|llc|llp|inc|corp|plc|sarl|sas|s\.?a|s\.?l|s\.?r\.?l|s\.?p\.?a|bv|b\.v"
    r"|nv|oy|ab|as|sp\.? ?z\.? ?o\.? ?o|s\.?r\.?o|kft|d\.?o\.?o|a\.?s|ltd\.? ?sti|verein|gesmbh)\.?$"
)


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for somebody of a list, as they would be made."""

    name: str
    kind: str
    email: str | None
    phone: str | None


def rules(first_of: Callable[[str], str]) -> dict[str, Callable[[str, str], Any]]:
    """How the cells about a payer become what is stored; `first_of` takes the first of several in one cell."""
    return {
        "payer_name": lambda typed, _style: text.clean(typed, field="payer_name"),
        "payer_kind": _kind,
        "payer_email": lambda typed, _style: check_email(first_of(typed), "payer_email"),
        "payer_phone": lambda typed, _style: check_phone(first_of(typed), "payer_phone"),
    }


def _kind(typed: str, _style: str) -> str:
    value = text.fold(typed.strip()).replace(" ", "_").replace("-", "_")
    if value and value not in _KIND:
        raise UserError("people.unknown_kind", "payer_kind")
    return _KIND.get(value, "")


def told(row: Mapping[str, Any]) -> Payer | None:
    """Who pays as the cells of a line say, None where they say nobody. Without a name the address stands for it."""
    mail, phone = row.get("payer_email"), row.get("payer_phone")
    name = row.get("payer_name") or mail or phone
    if not name:
        return None
    kind = row.get("payer_kind") or ("company" if _LEGAL_FORM.search(text.fold(name)) else "guardian")
    return Payer(name[: text.NAME_LIMIT], kind, mail, phone)


class Payers:
    """Payers by what tells them apart; of several with one address the one of that name, else the first."""

    def __init__(self, there: Iterable[KnownPayer] = ()) -> None:
        self._mail: dict[str, list[tuple[str, Any]]] = {}
        self._name: dict[str, list[tuple[str, Any]]] = {}
        self._bare: dict[str, Any] = {}  # companies without an address
        for one in there:
            self.add(one, one.name, one.kind, one.email, one.phone)

    def add(self, key: Any, name: str, kind: str, email: str | None, phone: str | None) -> None:
        """Know somebody, under whatever `find` shall return."""
        folded = text.fold(name)
        if email:
            self._mail.setdefault(email.lower(), []).append((folded, key))
        if not email or kind == "company":
            self._name.setdefault(folded, []).append((text.phone_digits(phone or ""), key))
        if kind == "company" and not email:
            self._bare.setdefault(folded, key)
        elif kind == "company" and self._bare.get(folded) == key:
            del self._bare[folded]  # its address is known now

    def find(self, payer: Payer) -> Any:
        """Who it is, None where nobody there is the same."""
        folded = text.fold(payer.name)
        if payer.email:
            theirs = self._mail.get(payer.email.lower(), [])
            bare = self._bare.get(folded) if payer.kind == "company" else None
            return next((key for name, key in theirs if name == folded), theirs[0][1] if theirs else bare)
        digits = text.phone_digits(payer.phone or "")
        alike = [one for one in self._name.get(folded, ()) if not digits or not one[0] or one[0] == digits]
        same = next((key for kept, key in alike if kept == digits), None)
        return same if same is not None else alike[0][1] if alike else None


def inactive(payer: KnownPayer) -> UserError:
    """Who is inactive is not chosen for anybody anew."""
    return UserError("exchange.payer_inactive", "payer_name", name=payer.name)
