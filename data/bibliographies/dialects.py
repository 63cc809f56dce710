"""How the lines of RIS, MEDLINE, Web of Science and EndNote are tagged, and what the tags mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Tags of RIS that count with one blank before the hyphen too; others might begin a line of an abstract: "CT - scans".
_SURE = "AB|AU|A1|DO|JF|JO|KW|N1|N2|PY|TI|T1|T2|UR|Y1"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the lines of a format are tagged.

    Attributes
    ----------
    title
        What people call it.
    starts
        The tags that may begin a record; the first one of a file begins all of its records.
    end
        The tags that end a record.
    tag
        Matches the beginning of a line with a tag; the group that matches is the tag.
    roles
        The tags that a column of ``fields.FIELDS`` is read from, the most telling first.
    odd_start, odd_tag
        The first line of records with other blanks around the hyphens, and ``tag`` for such records where ``tag`` does
        not match that line.
    notes
        The tag of notes, in which programs for screening leave decisions.
    ignored
        Tags of the file, not of a record.
    numbering
        Matches a line between records that numbers them; None if there are none.
    a_line_each
        Tags whose further lines are further values.
    second_abstract
        The tag of an abstract in another language.
    """

    title: str
    starts: tuple[str, ...]
    end: frozenset[str]
    tag: re.Pattern[str]
    roles: Mapping[str, tuple[str, ...]]
    odd_start: re.Pattern[str] | None = None
    odd_tag: re.Pattern[str] = re.compile("")
    notes: str = ""
    ignored: frozenset[str] = frozenset()
    numbering: re.Pattern[str] | None = None
    a_line_each: frozenset[str] = frozenset()
    second_abstract: str = ""


DIALECTS: Mapping[str, Dialect] = {
    "ris": Dialect(
        "RIS",
        ("TY",),
        frozenset({"ER"}),
        re.compile(rf"([A-Z][A-Z0-9])  -[ \t]?|({_SURE})[ \t]+-(?:[ \t]+|$)|(ER)[ \t]*-$"),
        {
            "id": ("AN", "ID"),
            "title": ("TI", "T1", "CT", "BT"),
            "abstract": ("AB", "N2"),
            "authors": ("AU", "A1"),
            "year": ("PY", "Y1", "DA"),
            "journal": ("JF", "T2", "JO", "JA", "J2"),
            "doi": ("DO",),
            "keywords": ("KW",),
            "url": ("UR", "LK"),
            "type": ("TY",),
        },
        odd_start=re.compile(r"[ \t]*TY[ \t]*-[ \t]*[A-Z]+$"),
        odd_tag=re.compile(r"[ \t]*([A-Z][A-Z0-9])[ \t]+-[ \t]*|(TY|ER)-[ \t]*(?=[A-Z]*$)"),
        notes="N1",
        a_line_each=frozenset({"KW"}),  # as EndNote writes keywords
    ),
    "medline": Dialect(
        "MEDLINE",
        ("PMID", "PMC", "VN", "UI"),
        frozenset(),
        re.compile(r"([A-Z][A-Z0-9]{1,3}) *-(?: |$)"),
        {
            "id": ("PMID", "PMC", "UI"),
            "title": ("TI", "BTI", "TT"),
            "abstract": ("AB", "OAB"),
            "authors": ("FAU", "AU", "CN"),
            "year": ("DP", "YR", "EDAT"),
            "journal": ("JT", "TA"),
            "doi": ("LID", "AID"),
            "keywords": ("OT", "MH"),
            "type": ("PT",),
        },
        numbering=re.compile(r"<\d+>$"),  # Ovid's
        second_abstract="OAB",
    ),
    "wos": Dialect(
        "Web of Science",
        ("PT",),
        frozenset({"ER", "EF"}),
        re.compile(r"([A-Z][A-Z0-9])(?: |$)"),
        {
            "id": ("UT",),
            "title": ("TI",),
            "abstract": ("AB",),
            "authors": ("AF", "AU"),
            "year": ("PY",),
            "journal": ("SO",),
            "doi": ("DI",),
            "keywords": ("DE", "ID"),
            "type": ("DT", "PT"),
        },
        ignored=frozenset({"FN", "VR"}),
        a_line_each=frozenset({"AF", "AU", "BA", "BE", "BF", "CA", "C1", "C3", "CR", "ED", "GP"}),
    ),
    "endnote": Dialect(
        "EndNote",
        ("%0",),
        frozenset(),
        re.compile(r"(%[!-~])(?: |$)"),
        {
            "id": ("%M", "%F"),
            "title": ("%T",),
            "abstract": ("%X",),
            "authors": ("%A",),
            "year": ("%D", "%8"),
            "journal": ("%J", "%B"),
            "doi": ("%R",),
            "keywords": ("%K",),
            "url": ("%U",),
            "type": ("%0",),
        },
        notes="%Z",
    ),
}
