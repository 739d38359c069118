"""The sentences for what guard and reader found: what is wrong, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.scope.findings import ERROR

Words = Promise | str


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is wrong, and what to do."""

    wrong: Words
    advice: Words


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in the reader's language."""

    cell: str
    sheet: str
    field: str
    read: str
    severity: str
    wrong: str
    advice: str

    @property
    def is_error(self) -> bool:
        """Whether something is missing or could not be read, not only doubtful."""
        return self.severity == ERROR

    @property
    def sentence(self) -> str:
        """Both halves as one text."""
        return f"{self.wrong} {self.advice}".strip()


_SAVE = gettext_lazy("Open it in your spreadsheet program, save it as .xlsx, and upload that.")

# The file as a whole
REFUSALS: dict[str, Sentence] = {
    "file_empty": Sentence(
        gettext_lazy("The file is empty (0 bytes)."), gettext_lazy("Save the table again and upload it.")
    ),
    "file_too_large": Sentence(
        gettext_lazy("The file has %(size_mb)s MB; at most %(limit_mb)s MB are read."),
        gettext_lazy("Remove pictures and unused sheets, or split the table by site."),
    ),
    "wrong_type": Sentence(gettext_lazy("This is not an Excel workbook, whatever its name says."), _SAVE),
    "password": Sentence(
        gettext_lazy("The workbook is protected by a password."),
        gettext_lazy("Save it without a password and upload that."),
    ),
    "macros": Sentence(
        gettext_lazy("The workbook contains macros or programs."), gettext_lazy("Save it as .xlsx without macros.")
    ),
    "not_readable": Sentence(gettext_lazy("The workbook is damaged and cannot be opened."), _SAVE),
    "entities": Sentence(
        gettext_lazy("The workbook contains a document type definition, which no spreadsheet program writes."), _SAVE
    ),
    "too_many_entries": Sentence(
        gettext_lazy("The workbook consists of %(entries)s parts; at most %(limit)s are read."),
        gettext_lazy("Copy the table alone into a new workbook and upload that."),
    ),
    "unpacks_too_large": Sentence(
        gettext_lazy("Unpacked, the workbook has more than %(limit_mb)s MB."),
        gettext_lazy("Copy the table alone into a new workbook and upload that."),
    ),
    "packed_too_tightly": Sentence(
        gettext_lazy("A part of the workbook is packed far more tightly than a table can be (%(read)s)."),
        gettext_lazy("Copy the table alone into a new workbook and upload that."),
    ),
    "cell_far_away": Sentence(
        gettext_lazy(
            "The cell %(cell)s holds something far outside the table; at most %(rows)s rows and %(columns)s columns are read."
        ),
        gettext_lazy("Delete the rows and columns around the table, save, and upload again."),
    ),
    "sheet_huge": Sentence(
        gettext_lazy("The sheet has at least %(rows)s rows; at most %(limit)s are read."),
        gettext_lazy("Delete rows that do not belong to the table, or split it by site."),
    ),
    "too_many_sheets": Sentence(
        gettext_lazy("The workbook has %(sheets)s sheets; at most %(limit)s are read."),
        gettext_lazy("Copy the table alone into a new workbook and upload that."),
    ),
    "sheet_empty": Sentence(
        gettext_lazy("The workbook is empty: no cell holds anything."),
        gettext_lazy("Fill in the capability table (annex table 1) and upload it."),
    ),
    "no_header": Sentence(
        gettext_lazy("No capability table was found: no row names the number, the parameter and the standard."),
        gettext_lazy("Use the form of annex table 1 with its heading rows; check that you chose the right file."),
    ),
    "no_rows": Sentence(
        gettext_lazy("The table has its heading, but no row under it."),
        gettext_lazy("Fill in at least one parameter and upload again."),
    ),
    "needs_too_much": Sentence(
        gettext_lazy("Reading this workbook needs far more memory or time than a table does; it was stopped."),
        gettext_lazy("Copy the table alone into a new workbook and upload that."),
    ),
    "takes_too_long": Sentence(
        gettext_lazy("Reading was stopped after %(seconds)s seconds."),
        gettext_lazy("Copy the table alone into a new workbook and upload that."),
    ),
    "file_refused": Sentence(
        gettext_lazy("The file did not pass its check."),
        gettext_lazy("See what was found beside the file, and upload another."),
    ),
    "file_missing": Sentence(
        gettext_lazy("The stored file cannot be found."),
        gettext_lazy("Upload it again; if it happens twice, tell the administrator."),
    ),
}

# One cell
FINDINGS: dict[str, Sentence] = {
    "no_number": Sentence(
        gettext_lazy("No number of a standard was recognised."),
        gettext_lazy("Write it as “GB/T 20174-2019”. If the method has no number, say in the explanation what it is."),
    ),
    "no_year": Sentence(gettext_lazy("The standard has no year."), gettext_lazy("Add it, as in “GB/T 20174-2019”.")),
    "year_guessed": Sentence(
        gettext_lazy("The year has two digits and was taken as 20xx."),
        gettext_lazy("Write four digits if that is wrong."),
    ),
    "no_standard": Sentence(
        gettext_lazy("The parameter names no standard or method."),
        gettext_lazy("Enter the standard with number and year."),
    ),
    "note_needed": Sentence(
        gettext_lazy(
            "The method is not a national, industry, local, international or regional standard, and the explanation is empty."
        ),
        gettext_lazy("Say in the explanation what kind of method it is."),
    ),
    "no_name": Sentence(gettext_lazy("The parameter has a number and no name."), gettext_lazy("Enter its name.")),
    "no_number_of_parameter": Sentence(
        gettext_lazy("The parameter has no number."), gettext_lazy("Number it under its category: 1.1, 1.2 and so on.")
    ),
    "no_category_name": Sentence(
        gettext_lazy("The category has a number and no name."), gettext_lazy("Enter its name.")
    ),
    "no_category_number": Sentence(
        gettext_lazy("The category has no number."), gettext_lazy("Number it: 1, 2, 3 and so on.")
    ),
    "number_twice": Sentence(
        gettext_lazy("The number %(read)s is already used in %(first)s."),
        gettext_lazy("Give each parameter its own number."),
    ),
    "number_lost_zero": Sentence(
        gettext_lazy("The sheet keeps %(read)s; after the number before, it was taken as %(taken)s."),
        gettext_lazy("Format the column as text if that is wrong."),
    ),
    "cell_error": Sentence(
        gettext_lazy("The cell shows a formula error and was taken as empty."),
        gettext_lazy("Write the text itself instead of the formula."),
    ),
    "cell_too_long": Sentence(
        gettext_lazy("The text is longer than %(limit)s characters."),
        gettext_lazy("Shorten it, or split it over several rows."),
    ),
    "line_without_parameter": Sentence(
        gettext_lazy("This row belongs to no parameter and was left out."),
        gettext_lazy("Put it under a parameter, or give it a number and a name."),
    ),
    "outside_columns": Sentence(
        gettext_lazy("This cell lies outside the columns of the table and was left out."),
        gettext_lazy("Move the text into the explanation if it matters."),
    ),
    "sheet_without_table": Sentence(
        gettext_lazy("The sheet “%(sheet)s” holds no capability table and was left out."),
        gettext_lazy("Nothing is to be done if that is right."),
    ),
    "more_problems": Sentence(
        gettext_lazy("There are %(count)s more findings of this kind."),
        gettext_lazy("Correct those shown, and upload again."),
    ),
}

_UNKNOWN = Sentence(gettext_lazy("This could not be read."), gettext_lazy("Check the cell."))


def tell(problem: dict[str, Any]) -> Told:
    """One stored finding in the active language."""
    code = str(problem.get("code", ""))
    found = REFUSALS.get(code) or FINDINGS.get(code) or _UNKNOWN
    words = {"read": problem.get("read", ""), "cell": problem.get("cell", ""), "sheet": problem.get("sheet", "")}
    words |= problem.get("params") or {}
    wrong = str(found.wrong) % words
    if problem.get("field") == "upload":
        wrong = _("The last upload was not taken; the table below is the one before. %(why)s") % {"why": wrong}
    return Told(
        cell=words["cell"], sheet=words["sheet"], field=str(problem.get("field", "")), read=words["read"],
        severity=str(problem.get("severity", ERROR)), wrong=wrong, advice=str(found.advice),
    )  # fmt: skip


def tell_all(problems: list[dict[str, Any]]) -> list[Told]:
    """Findings in the active language, in their order."""
    return [tell(problem) for problem in problems]
