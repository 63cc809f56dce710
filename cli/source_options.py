"""The options by which a source is read, which every command that reads one shares."""

from typing import Annotated

import typer

PANEL = "How SOURCE is read"  # in the help
SOURCE_HELP = (
    "docs, docs:PACKAGE,..., a file (a table, a bibliography, a workbook, e-mails, a text, a page, a PDF: "
    "docs/reading.md lists all kinds; packed too), a folder, zip or tar of files, a BEIR folder, the URL of a "
    "file or folder in object storage (s3://, gs://, ...), or a Hugging Face data set (a folder, or a name on "
    "the hub)."
)
FORMAT_HELP = "Format of the files, such as csv, jsonl, ris (default: by content and name)."
DELIMITER_HELP = "Between the cells of a CSV file: a character, or tab (default: from the head)."

Config = Annotated[str | None, typer.Option(help="Configuration of a data set.", rich_help_panel=PANEL)]
Split = Annotated[str | None, typer.Option(help="Split of a data set, slices included.", rich_help_panel=PANEL)]
Revision = Annotated[str | None, typer.Option(help="Revision of a data set on the hub.", rich_help_panel=PANEL)]
Streaming = Annotated[
    bool, typer.Option("--streaming", help="Read a data set without keeping it.", rich_help_panel=PANEL)
]
TextColumn = Annotated[str | None, typer.Option(help="Column that holds the text.", rich_help_panel=PANEL)]
TitleColumn = Annotated[
    str | None, typer.Option(help="Column whose text goes in front; none for no one.", rich_help_panel=PANEL)
]
LabelColumn = Annotated[
    str | None, typer.Option(help="Column that holds a label; none for no one.", rich_help_panel=PANEL)
]
IdColumn = Annotated[
    str | None, typer.Option(help="Column that identifies a document; none for the row number.", rich_help_panel=PANEL)
]
Limit = Annotated[int | None, typer.Option(help="Take at most so many rows.", min=1, rich_help_panel=PANEL)]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header", help="The first row is one like the others; columns get numbers.", rich_help_panel=PANEL
    ),
]
SkipLines = Annotated[int, typer.Option(help="Lines before the header of a table.", min=0, rich_help_panel=PANEL)]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of text, such as cp1250 (default: recognised).", rich_help_panel=PANEL)
]
TableName = Annotated[
    str | None,
    typer.Option(
        help="Sheet of a workbook, table of a database, or list in JSON, that is read.", rich_help_panel=PANEL
    ),
]
Lines = Annotated[bool, typer.Option("--lines", help="Each line of a text file is a document.", rich_help_panel=PANEL)]
WithoutSeeAlso = Annotated[
    bool,
    typer.Option(
        "--without-see-also",
        help='Leave out the "See Also" of docs, by which rankings are judged.',
        rich_help_panel=PANEL,
    ),
]
