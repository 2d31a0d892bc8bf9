"""Sentences about lists of people that are brought in and taken out."""

from app.text import N_

MESSAGES = {
    "exchange.unknown_list_format": N_("“{name}” is neither CSV nor Excel. End its name in .csv or .xlsx."),
    "exchange.nothing_open": N_("Nothing of this is open, so there is nothing to write."),
    "exchange.empty": N_("This file is empty."),
    "exchange.heads_only": N_("This file has a head and no people below it."),
    "exchange.web_page": N_(
        "This is a web page that is called a sheet. Open it in a spreadsheet and save it as XLSX or CSV."
    ),
    "exchange.old_excel": N_("This is an old Excel file. Open it and save it as XLSX or CSV."),
    "exchange.not_a_list": N_("This is no list of people. Choose a CSV, XLSX or vCard file."),
    "exchange.bad_xlsx": N_("This XLSX file is cut or damaged. Save it again in the program it comes from."),
    "exchange.bomb": N_("This XLSX file would unpack to far more than it can hold. Deskbell did not open it."),
    "exchange.too_large": N_("This file is larger than {limit} MB. Split it."),
    "exchange.too_many_rows": N_("This file has more than {limit:,d} lines. Split it."),
    "exchange.too_many_columns": N_("This file has more than {limit} columns. It is no list of people."),
    "exchange.cell_too_long": N_(
        "A cell of the entry that begins in line {line} holds more than a field can. Is a quote missing?"
    ),
    "exchange.open_quote": N_(
        "The entry that begins in line {line} has a quote that does not close where it should. Mend that line."
    ),
    "exchange.bad_encoding": N_("This file is not written in {encoding}. Choose another encoding."),
    "exchange.changed": N_("This file changed while it was read. Wait until it is saved, then try again."),
    "exchange.unreadable": N_("{path} cannot be read: {detail}. If it is on a stick, plug it in again."),
    "exchange.no_name": N_("No column holds a name. Say which one does."),
    "exchange.which_dates": N_("The dates of birth can be read in more than one way. Say which part is the day."),
    "exchange.wrong_field": N_("{field}: {why}"),
    "exchange.is_there": N_("{name} ({number}) is already there."),
    "exchange.differs": N_("{name} ({number}) is already there. Differs: {fields}."),
    "exchange.is_twice": N_("Stands in line {line} already."),
    "exchange.shares": N_("Shares an address or a number with {name} ({number})."),
    "exchange.payer_inactive": N_("{name} is an inactive payer. Make them active first, or choose who pays instead."),
    "exchange.nothing": N_("There is nobody to import in this list."),
    "exchange.wrong_lines": N_("Some lines are wrong. Mend them, or leave them out."),
    "exchange.meanwhile": N_("{name} came in since this list was checked. It is checked again; look, then import."),
    "exchange.no_backup": N_(
        "The backup before the import could not be verified. Nothing was imported; see Safe keeping."
    ),
    "exchange.unknown_format": N_("{name} should end in .csv, .xlsx or .vcf."),
    "exchange.unknown_shown": N_("{name} should end in .csv, .xlsx or .pdf."),
    "exchange.too_long_for_paper": N_(
        "That is {pages} pages; at most {limit} are printed at once. Narrow the list, or export it as PDF."
    ),
    "exchange.no_addresses": N_("Nobody here has an address."),
    "exchange.no_such_label": N_("A sheet has {limit} labels."),
    "exchange.nobody_to_export": N_("There is nobody to export."),
    "exchange.again": N_("This very file was imported before: {at:stamp}, {people} people."),
    "exchange.imported": N_("Imported from {file}"),
    "exchange.done": N_("{count} people imported from {file}"),
}
