"""Made-up people in several scripts. Nobody real; mail goes to `.example`, phones carry 555."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.text import fold

_BY_LANGUAGE: dict[str, tuple[str, str, str]] = {
    "de": (
        "Jürgen Heike Lukas Hannah Matthias Sophie Jörg Käthe Florian Lena Björn Ute Stefan Annelie",
        "Groß Müller Weiß Schröder Bäcker Hübner Kästner Voß Lindner Reuß Böhm Sauer",
        "+43 660 555",
    ),
    "en": (
        "Siân Owen Grace Callum Niamh Harriet Declan Imogen Rhys Fiona",
        "O’Brien Fletcher Ó Súilleabháin MacLeod Whitcombe Ashdown Pryce-Jones Hartley",
        "+44 20 5550",
    ),
    "fr": (
        "Amélie François Zoé Jérôme Noémie Aurélien Chloé Benoît",
        "Lefèvre Fournier Dubois Garçon Béranger Le-Goff Noël",
        "+33 6 55 55",
    ),
    "es": (
        "José Lucía Íñigo Begoña Martín Ángela Raúl Inés",
        "Núñez Prieto Ibáñez Muñoz Echeverría Peña Cortés",
        "+34 655 550",
    ),
    "pl": (
        "Łukasz Agnieszka Paweł Małgorzata Zdzisław Żaneta Wojciech Świętosława",
        "Wiśniewski Kowalczyk Wójcik Zając Dąbrowska Źrebiec Ćwik",
        "+48 605 550",
    ),
    "cs": (
        "Kateřina Tomáš Zdeněk Jiří Božena Ondřej",
        "Dvořáková Novák Řezníček Šťastný Kučerová Žižka",
        "+420 605 550",
    ),
    "tr": ("Öykü Yiğit Çağla İlker Gülşen Barış Şule", "Yıldız Demir Çelik Öztürk Şahin Aydın Kılıç", "+90 555 550"),
    "vi": ("Mai Minh Thảo Đức Hương Tuấn", "Nguyễn Trần Lê Phạm Đặng Vũ", "+84 555 550"),
    "nb": ("Håkon Søren Åse Bjørn Ingrid Øystein", "Bjørnstad Kjær Ødegård Sæther Håland", "+47 405 55"),
    "ro": ("Zoë Ștefan Ioana Răzvan Mădălina", "Brânză Popescu Țurcanu Ionescu Căpraru", "+40 755 550"),
    "uk": ("Олена Тарас Марія Ігор Наталія Богдан", "Коваленко Шевчук Бойко Мельник Гончар", "+380 55 555"),
    "el": ("Ελένη Νίκος Μαρία Γιώργος Ιωάννα", "Παππά Νικολάου Ιωάννου Αντωνίου", "+30 690 555"),
    "ar": ("ليلى عمر نادية يوسف سلمى كريم", "حدّاد الخطيب منصور سليم العلي", "+43 676 555"),
    "hi": ("अनिका प्रिया अर्जुन रोहन मीरा विक्रम", "शर्मा नायर वर्मा गुप्ता मिश्रा", "+43 664 555"),
    "he": ("נועה דניאל תמר יונתן", "כהן לוי מזרחי פרץ", "+43 699 555"),
}
_WEIGHTS = {"de": 9, "en": 4, "pl": 3, "tr": 3, "ar": 2, "hi": 2, "uk": 2}


@dataclass(frozen=True)
class MadeUp:
    """A person who does not exist."""

    first_name: str
    last_name: str
    email: str
    phone: str
    date_of_birth: str
    language: str


def people(rng: random.Random, count: int) -> list[MadeUp]:
    """`count` people who do not exist; the same generator state gives the same people."""
    languages = list(_BY_LANGUAGE)
    weights = [_WEIGHTS.get(language, 1) for language in languages]
    firsts = {language: names[0].split() for language, names in _BY_LANGUAGE.items()}
    lasts = {language: names[1].split() for language, names in _BY_LANGUAGE.items()}
    found = []
    for number, language in enumerate(rng.choices(languages, weights, k=count), start=1):
        first, last = rng.choice(firsts[language]), rng.choice(lasts[language])
        if rng.random() < 0.06:
            last += f"-{rng.choice(lasts['de'])}" if language != "ar" else ""
        plain = "".join(
            char for char in fold(f"{first[0]}.{last}") if char.isascii() and (char.isalnum() or char == ".")
        )
        address = f"{plain.strip('.') or 'student'}{number}@mail.example"
        phone = f"{_BY_LANGUAGE[language][2]} {rng.randrange(100):02d} {rng.randrange(100):02d}"
        born = f"{rng.randint(1965, 2008)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        found.append(MadeUp(first, last, address, phone, born, "en"))
    return found
