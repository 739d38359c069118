"""The sentences of the findings: what is wrong in which cell, and what to do."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    # the file as a whole
    "file_empty": _("The file is empty. Choose the filled-in sheet."),
    "file_too_large": _("The file has %(size_mb)s MB; at most %(limit_mb)s MB are read. Remove pictures and empty sheets."),
    "wrong_type": _("This is not an Excel file (.xls or .xlsx), whatever its name says. Save the table as .xlsx and choose it again."),
    "password": _("The file is protected by a password. Save it without one and choose it again."),
    "macros": _("The file holds macros. Save it as .xlsx without macros and choose it again."),
    "not_readable": _("The file is damaged and cannot be opened. Open it in Excel or WPS, save it anew and choose it again."),
    "too_many_entries": _("The file has more parts than a register sheet can have. Copy the table into a new file."),
    "unpacks_too_large": _("The file unpacks to %(size_mb)s MB; at most %(limit_mb)s MB are read. Copy the table into a new file."),
    "packed_too_tightly": _("The file unpacks to far more than a register sheet can hold. Copy the table into a new file."),
    "entities": _("The file is not built as Excel builds it. Copy the table into a new file."),
    "sheet_empty": _("There is nothing in the sheet. Choose the filled-in one."),
    "sheet_huge": _("The sheet has %(rows)s rows; at most %(limit)s are read. Split it."),
    "cell_far_away": _("Cell %(cell)s lies far outside the table. Delete everything beside the table, or copy the table into a new file."),
    "needs_too_much": _("The file needs more memory or time than a register sheet may. Copy the table alone into a new file."),
    "takes_too_long": _("The file could not be read within %(seconds)s seconds. Copy the table alone into a new file."),
    "register_header_missing": _("The heads of the columns were not found. The table needs a row with: %(columns)s. Use the register's template."),
    "column_missing": _("The column %(columns)s is missing. Use the register's template."),
    "column_unknown": _("The column “%(read)s” is not known here and was not read."),
    "no_rows": _("There is no filled-in row under the heads of the columns."),
    "sheet_names_address": _("The sheet is for the address “%(read)s”. Check that you chose the right site."),
    # one row
    "name_missing": _("The name is missing. Fill it in."),
    "device_name_missing": _("The name of the device is missing. Fill it in, or clear the row."),
    "fields_missing": _("The authorised fields are missing. Say in which fields the person may sign."),
    "fields_only_number": _("“%(read)s” does not name a field. Write the authorised fields in words."),
    "gender_unknown": _("“%(read)s” is neither 男 nor 女; it was put into the note."),
    "education_unknown": _("“%(read)s” is not one of the levels of education of the template; taken as “other”, the words are in the note."),
    "identity_kind_unknown": _("“%(read)s” is not one of the kinds of document of the template; taken as “other”, the words are in the note."),
    "identity_lost_digits": _("The number is stored as a figure and has lost its last digits. Format the cell as text and type the number again."),
    "identity_check": _("“%(read)s” is not a valid resident identity number: its length or check digit does not fit. It was kept; compare it with the card."),
    "identity_twice": _("This identity number stands in row %(row)s already. Remove one of the two rows."),
    "post_unknown": _("“%(read)s” is not one of the posts of the template. It was kept as it is."),
    "not_a_number": _("“%(read)s” is not a number; it was put into the note."),
    "years_beyond_age": _("%(read)s years in the field are more than the age, %(age)s. Correct one of the two."),
    "not_a_date": _("“%(read)s” is not a day such as 2026-06-24; it was put into the note."),
    "date_of_an_empty_cell": _("“%(read)s” is what a spreadsheet makes of an empty date. It was left out."),
    "traceability_unknown": _("“%(read)s” is not 检定, 校准 or 内部校准; taken as “other” and kept in words."),
    "result_unknown": _("“%(read)s” is not an answer of this column (符合 or 不符合); it was put into the note and the result left open."),
    "invalid": "%(says)s",
}  # fmt: skip


def sentence(problem: dict[str, Any]) -> str:
    """The finding in the reader's language."""
    values = {**problem.get("params", {}), "read": problem.get("read", ""), "cell": problem.get("cell", "")}
    return str(SENTENCES[problem["code"]]) % values
