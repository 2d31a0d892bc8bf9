"""What columns are called in the lists of other programs.

English, German, French, Spanish, Italian, Portuguese, Polish, Turkish, Dutch, Czech, Hungarian, Swedish, Norwegian,
Danish, Romanian, Croatian, Slovene, Ukrainian, Russian, Greek, Arabic, Hindi; and what Google Contacts and Outlook
write. Every sign is a space, and accents may be left out; the names of one field are separated by commas.
"""

from __future__ import annotations

HEADS: dict[str, str] = {
    "first_name": """
        first name, given name, forename, firstname, christian name, given names, first, vorname, rufname, prenom,
        nombre, nombres, nome, primeiro nome, nome proprio, imie, imiona, ad, adi, isim, on ad, voornaam, roepnaam,
        jmeno, krestni jmeno, keresztnev, utonev, fornamn, fornavn, prenume, ime, имя, ім'я, імя, ονομα, الاسم
        الاول, الاسم, पहला नाम, prvo ime
    """,
    "last_name": """
        last name, surname, family name, lastname, second name, last, nachname, familienname, zuname, nom, nom de
        famille, apellido, apellidos, primer apellido, cognome, sobrenome, apelido, ultimo nome, nazwisko, soyad,
        soyadi, soyisim, achternaam, familienaam, prijmeni, vezeteknev, csaladnev, efternamn, etternavn, efternavn,
        nume de familie, nume, prezime, priimek, фамилия, прізвище, επωνυμο, اسم العائلة, اللقب, उपनाम, अंतिम नाम
    """,
    "full_name": """
        name, full name, display name, student, student name, pupil, participant, contact, vollstandiger name,
        schuler, schulername, teilnehmer, name vorname, vor und nachname, nom complet, nom et prenom, nom prenom,
        eleve, nombre completo, nombre y apellidos, alumno, estudiante, nome completo, nome e cognome, nominativo,
        allievo, aluno, imie i nazwisko, nazwisko i imie, uczen, kursant, ad soyad, adi soyadi, isim soyisim,
        ogrenci, volledige naam, naam, leerling, jmeno a prijmeni, nev, teljes nev, namn, navn, nume complet, ime i
        prezime, ime in priimek, фио, піб, полное имя, ονοματεπωνυμο, الاسم الكامل, पूरा नाम, नाम, fn
    """,
    "email": """
        email, e mail, mail, email address, e mail address, mail address, e mail 1 value, e mail adresse, email
        adresse, mailadresse, adresse e mail, adresse email, adresse mail, courriel, adresse electronique, mel,
        correo, correo electronico, email 1, indirizzo email, indirizzo e mail, posta elettronica, endereco de
        email, correio eletronico, adres e mail, adres email, e posta, eposta, e posta adresi, e mailadres, e
        mailova adresa, email cim, e mail cim, e post, epost, e postadress, e postadresse, adresa de email, e posta
        adresa, почта, электронная почта, електронна пошта, ηλεκτρονικο ταχυδρομειο, البريد الالكتروني, ईमेल, e mail
        1 address
    """,
    "phone": """
        phone, mobile, mobile phone, cell, cell phone, cellphone, telephone, tel, phone number, mobile number,
        telephone number, phone 1 value, primary phone, home phone, telefon, handy, handynummer, mobil,
        mobiltelefon, telefonnummer, rufnummer, mobilnummer, telefono, telefono movil, movil, celular, numero de
        telefono, cellulare, numero di telefono, telemovel, telefone, portable, telephone portable, telephone
        mobile, numero de telephone, telefon komorkowy, komorka, nr telefonu, numer telefonu, cep, cep telefonu,
        telefon numarasi, gsm, mobiel, telefoonnummer, telefoon, mobilni telefon, telefonszam, mobiltelefonnummer,
        telefonnr, telefon mobil, mobitel, telefonska stevilka, телефон, мобильный, мобільний, τηλεφωνο, κινητο,
        الهاتف, رقم الهاتف, الجوال, फ़ोन, फोन, मोबाइल
    """,
    "date_of_birth": """
        date of birth, birth date, birthdate, birthday, dob, born, born on, geburtsdatum, geburtstag, geboren, geb,
        geb datum, geboren am, date de naissance, ne le, naissance, anniversaire, fecha de nacimiento, nacimiento,
        cumpleanos, data di nascita, nascita, nato il, compleanno, data de nascimento, nascimento, data urodzenia,
        urodzony, dogum tarihi, dogum, geboortedatum, datum narozeni, szuletesi datum, szuletesi ido, fodelsedatum,
        fodselsdato, data nasterii, datum rodenja, datum rojstva, дата рождения, дата народження, ημερομηνια
        γεννησης, تاريخ الميلاد, जन्म तिथि, जन्मतिथि
    """,
    "address": """
        address, postal address, home address, full address, anschrift, adresse, adresse postale, adresse complete,
        direccion, domicilio, indirizzo, endereco, morada, adres, adres zamieszkania, adresi, ev adresi, adresa,
        cim, lakcim, adress, naslov, адрес, адреса, διευθυνση, العنوان, पता, address 1 formatted
    """,
    "street": """
        street, street address, address line 1, address 1, home street, address 1 street, strasse, strasse und
        hausnummer, strasse nr, strasse hausnr, rue, calle, via, rua, ulica, sokak, cadde, straat, ulice, utca,
        gata, gateadresse, gade, vej, strada, улица, вулиця, οδος, الشارع
    """,
    "zip": """
        zip, zip code, postal code, postcode, post code, home postal code, address 1 postal code, plz, postleitzahl,
        code postal, cp, codigo postal, cap, codice postale, kod pocztowy, posta kodu, psc, iranyitoszam,
        postnummer, postnr, cod postal, postanski broj, postna stevilka, индекс, почтовый индекс, поштовий індекс,
        ταχυδρομικος κωδικας, الرمز البريدي
    """,
    "city": """
        city, town, place, home city, address 1 city, ort, stadt, wohnort, ville, commune, localite, ciudad,
        poblacion, localidad, citta, comune, localita, cidade, localidade, miasto, miejscowosc, sehir, il, stad,
        woonplaats, plaats, mesto, obec, varos, ort stad, poststed, by, oras, localitate, grad, город, місто, πολη,
        المدينة, शहर
    """,
    "region": """
        region, state, province, county, home state, address 1 region, bundesland, kanton, departement, provincia,
        provincie, regione, estado, wojewodztwo, ilce, kraj okres, megye, lan, fylke, judet, область
    """,
    "country": """
        country, home country, country region, home country region, address 1 country, land, staat, pays, pais,
        paese, nazione, panstwo, kraj, kraj zamieszkania, ulke, zeme, orszag, tara, drzava, страна, країна, χωρα,
        البلد, الدولة, देश
    """,
    "language": """
        language, lang, mother tongue, preferred language, sprache, muttersprache, langue, langue maternelle,
        idioma, lengua, lingua, jezyk, dil, ana dil, taal, jazyk, nyelv, sprak, sprog, limba, jezik, язык, мова,
        γλωσσα, اللغة, भाषा
    """,
    "status": """
        status, student status, state of student, zustand, statut, etat, estado del alumno, stato, situacao, stan,
        durum, durumu, stav, allapot, stare, stanje, статус, κατασταση, الحالة, स्थिति
    """,
    "emergency_name": """
        emergency contact, emergency contact name, emergency name, in case of emergency, ice, notfallkontakt,
        notfallkontakt name, im notfall, contact d'urgence, contact urgence, personne a prevenir, contacto de
        emergencia, contatto di emergenza, contatto emergenza, contato de emergencia, kontakt w nagłym wypadku,
        osoba do kontaktu, acil durum kisisi, acil durum, noodcontact, nouzovy kontakt, nodkontakt
    """,
    "emergency_phone": """
        emergency phone, emergency contact phone, emergency number, emergency telephone, ice phone, notfallnummer,
        notfalltelefon, notfallkontakt telefon, telephone d'urgence, telephone urgence, telefono de emergencia,
        telefono emergenza, telefono di emergenza, telefone de emergencia, telefon alarmowy, telefon w nagłym
        wypadku, acil durum telefonu, acil telefon, noodnummer, nouzovy telefon, nodtelefon
    """,
    "number": """
        student number, student no, student id, number of student, customer number, customer no, schulernummer,
        kundennummer, teilnehmernummer, numero d'eleve, numero eleve, numero client, numero de alumno, numero de
        cliente, numero allievo, numero cliente, numer ucznia, numer kursanta, numer klienta, ogrenci no, ogrenci
        numarasi, musteri no, leerlingnummer, klantnummer, matrikelnummer
    """,
    "payer_name": """
        payer, payer name, name of payer, paid by, guardian, guardian name, parent, parent name, parents, legal
        guardian, invoice recipient, bill to, paying company, zahler, name des zahlers, zahlungspflichtiger,
        rechnungsempfanger, kostentrager, eltern, elternteil, name der eltern, erziehungsberechtigte,
        erziehungsberechtigter, erziehungsberechtigter name, payeur, nom du payeur, paye par, parent responsable,
        responsable legal, tuteur, nom du parent, destinataire de la facture, pagador, nombre del pagador, pagado por,
        padre o tutor, padres, tutor, tutor legal, nombre del tutor, pagante, nome del pagante, pagato da, genitore,
        genitori, nome del genitore, tutore, intestatario fattura, platnik, nazwa platnika, oplaca, rodzic, rodzice,
        opiekun, imie i nazwisko rodzica, nabywca, odeyen, odeyen adi, odeme yapan, veli, veli adi, veli adi soyadi,
        ebeveyn
    """,
    "payer_kind": """
        payer kind, payer type, kind of payer, type of payer, zahlerart, art des zahlers, zahlertyp, type de payeur,
        genre de payeur, tipo de pagador, clase de pagador, tipo di pagante, tipo pagante, rodzaj platnika, typ
        platnika, odeyen turu, odeyen tipi
    """,
    "payer_email": """
        payer email, payer e mail, payer mail, guardian email, guardian e mail, parent email, parent e mail, parents
        email, invoice email, billing email, e mail des zahlers, email zahler, e mail zahler, zahler e mail, zahler
        email, eltern e mail, eltern email, e mail eltern, e mail der eltern, e mail erziehungsberechtigte, rechnungs
        e mail, e mail rechnung, email du payeur, e mail du payeur, courriel du payeur, email parent, email du parent,
        e mail du parent, email parents, courriel du parent, correo del pagador, email del pagador, correo del tutor,
        email del tutor, correo de los padres, email padres, email del pagante, email pagante, email genitore, email
        genitori, e mail genitori, email del genitore, e mail platnika, email platnika, e mail rodzica, email rodzica,
        email rodzicow, e mail opiekuna, odeyen e posta, odeyen e postasi, odeyen email, veli e posta, veli e postasi,
        veli email
    """,
    "payer_phone": """
        payer phone, payer telephone, payer mobile, guardian phone, guardian mobile, parent phone, parent mobile,
        parents phone, telefon des zahlers, telefon zahler, zahler telefon, eltern telefon, telefon eltern, telefon der
        eltern, handy eltern, telefon erziehungsberechtigte, telephone du payeur, tel payeur, telephone parent,
        telephone du parent, telephone des parents, telefono del pagador, telefono del tutor, telefono de los padres,
        telefono padres, telefono del pagante, telefono pagante, telefono genitore, telefono del genitore, telefono
        genitori, cellulare genitore, telefon platnika, telefon rodzica, telefon rodzicow, telefon opiekuna, odeyen
        telefonu, odeyen telefon, odeyen tel, veli telefonu, veli telefon, veli cep, veli cep telefonu
    """,
}
