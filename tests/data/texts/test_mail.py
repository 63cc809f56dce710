import mailbox
import sys
import tracemalloc
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.texts import mbox
from exemplar.data.texts.quotations import parted, unflowed
from tests.support.reading import documents, problems, read, texts


def mail(text: str = "Hello", **headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def one(folder: Path, content: bytes) -> Document:
    (folder / "a.eml").write_bytes(content)
    [document] = read(str(folder / "a.eml")).read()
    assert isinstance(document, Document)
    return document


def test_a_mail_is_taken_apart(tmp_path: Path) -> None:
    made = mail(
        "It came.\n\nOn Mon, 1 Jan 2024 at 10:00, B <b@example.org>\nwrote:\n> Where is it?\n\nThanks\n-- \nA\nTown\n",
        Subject="Späte Post",
        From="Ä <a@example.org>",
        To="b@example.org",
        Date="Mon, 01 Jan 2024 10:00:00 +0100",
        Message_ID="<1@example.org>",
    )
    made.add_alternative("<p>It <b>came</b>.</p>", subtype="html")
    made.add_attachment(b"x" * 999, maintype="application", subtype="pdf", filename="Übersicht.pdf")
    metadata = {
        "from": "Ä <a@example.org>",
        "to": "b@example.org",
        "date": "2024-01-01T10:00:00+01:00",
        "quoted": "On Mon, 1 Jan 2024 at 10:00, B <b@example.org>\nwrote:\n> Where is it?",
        "signature": "A\nTown",
        "attachments": "Übersicht.pdf",
    }
    text = "It came.\n\n\nThanks"
    assert one(tmp_path, made.as_bytes(policy=SMTP)) == Document("1@example.org", text, (), metadata, "Späte Post")


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("text/plain; charset=foo-8", b"caf\xe9", "café"),
        ("text/plain; charset=us-ascii", b"caf\xc3\xa9", "café"),
        ("text/plain; charset=iso-8859-1", b"\x93caf\xe9\x94", "“café”"),
        ("text/html; charset=utf-8", b"<p>caf&eacute;</p>", "café"),
        ("text/plain; format=flowed; charset=utf-8", b"one \ntwo\n\nthree", "one two\n\nthree"),
        ("text/plain; format=flowed; delsp=yes", b"on \ne", "one"),
        (
            "multipart/alternative; boundary=b",
            b"--b\n\nSee the HTML\n--b\nContent-Type: text/html\n\n" + b"<p>Long. </p>" * 30,
            "\n\n".join(["Long."] * 30),
        ),
        (
            "multipart/mixed; boundary=b",
            b"--b\n\none\n--b\nContent-Type: image/png\n\nxx\n--b\n\ntwo\n--b--",
            "one\n\ntwo",
        ),
        (
            "multipart/digest; boundary=b",
            b"--b\n\nSubject: s\n\none\n--b\n\nSubject: t\n\ntwo\n--b--",
            "s\n\none\n\nt\n\ntwo",
        ),
    ],
)
def test_the_text_of_a_mail_is_read(tmp_path: Path, head: str, body: bytes, text: str) -> None:
    content = b"From: a\nTo: b\nSubject: x\nContent-Type: " + head.encode() + b"\n\n" + body + b"\n"
    assert one(tmp_path, content).text == text


def test_a_forwarded_mail_is_kept_apart(tmp_path: Path) -> None:
    made = mail("See below.", Subject="Fwd")
    made.add_attachment(mail("The old one.", Subject="First"))
    document = one(tmp_path, bytes(made))
    assert (document.text, document.metadata["quoted"]) == ("See below.", "First\n\nThe old one.")


def test_a_mail_without_an_id_keeps_the_one_from_its_text(tmp_path: Path) -> None:
    content = b"From: a\nSubject: caf\xe9\n\nHello\n"
    first = one(tmp_path, content)
    assert (first.title, first.numbered) == ("café", False)
    assert one(tmp_path, b"X-Status: read\n" + content).doc_id == first.doc_id
    assert one(tmp_path, content + b"more").doc_id != first.doc_id


def test_mails_of_an_mbox_are_read_as_they_were_written(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "a.mbox")
    written = ["First.\n\nFrom here on it rained in 2024.", "From the start.", "Last."]
    for number, text in enumerate(written):
        box.add(mail(text, Subject=f"s{number}", Message_ID=f"<{number}@x>", X_Gmail_Labels="Inbox,Grün"))
    box.flush()
    found = documents(read(str(tmp_path / "a.mbox")))
    assert [(each.doc_id, each.text, each.labels) for each in found] == [
        (f"{number}@x", text, ("Inbox", "Grün")) for number, text in enumerate(written)
    ]
    windows = (tmp_path / "a.mbox").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "a.mbox").write_bytes(windows)
    assert texts(read(str(tmp_path / "a.mbox"))) == written


@settings(max_examples=20)
@given(st.lists(st.text(st.sampled_from("ab\n >From:.2024ü"), max_size=40), min_size=1, max_size=4))
def test_no_mail_of_an_mbox_is_lost(tmp_path_factory: pytest.TempPathFactory, bodies: list[str]) -> None:
    path = tmp_path_factory.mktemp("box") / "a.mbox"
    box = mailbox.mbox(path)
    for body in bodies:
        box.add(mail(body, Subject="s"))
    box.flush()
    assert [each.title for each in documents(read(str(path)))] == ["s"] * len(bodies)


def test_one_bad_mail_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "MOST_MAIL", 40_000)
    begin = "From a@example.org Mon Jan  1 00:00:00 2024\n"
    deep = "".join(f"--{n}\nContent-Type: multipart/mixed; boundary={n + 1}\n\n" for n in range(1, 300))
    mails = [
        "Subject: one\n\nOne.\n\n",
        f"Subject: long\n\n{'x y ' * 11_000}\n\n",
        f"Subject: deep\nContent-Type: multipart/mixed; boundary=1\n\n{deep}\n\n",
        "Subject: two\n\nTwo.\n\n",
    ]
    (tmp_path / "a.mbox").write_text("".join(begin + each for each in mails))
    source = read(str(tmp_path / "a.mbox"))
    assert [each.title for each in documents(source)] == ["one", "two"]
    assert [(problem.where, problem.reason, problem.left_out) for problem in problems(source)] == [
        ("line 6", "an e-mail of more than 40,000 bytes without its attachments", True),
        ("line 11", "an e-mail that can't be read: more than 200 parts have parts", True),
    ]


def test_attachments_take_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "_MOST_AT_ONCE", 2**14)
    begin = "From a@example.org Mon Jan  1 00:00:00 2024\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n"
    attached = (
        "--b\nContent-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n"
        + ("A" * 76 + "\n") * 20_000
    )
    (tmp_path / "a.mbox").write_text(f"{begin}--b\n\nfirst\n{attached}--b\n\nlast\n--b--\n\n")
    source = read(str(tmp_path / "a.mbox"))
    tracemalloc.start()
    [document] = documents(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (document.text, document.metadata["attachments"]) == ("first\n\nlast", "x.zip")
    assert peak < 700_000 < (tmp_path / "a.mbox").stat().st_size


def test_a_folder_of_mails_and_a_maildir_are_read_by_content(tmp_path: Path) -> None:
    content = bytes(mail("Hello", Subject="s", From="a", To="b", Date="Mon, 01 Jan 2024 10:00:00 +0100"))
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1704.M1P2.host:2,S").write_bytes(content)
    (tmp_path / "b.eml").write_bytes(content + b"you")
    (tmp_path / "c.emlx").write_bytes(b"%d\n%s<plist>" % (len(content), content))
    found = documents(read(str(tmp_path)))
    assert [(each.file, each.text) for each in found] == [
        ("b.eml", "Hello\nyou"), ("c.emlx", "Hello"), ("cur/1704.M1P2.host:2,S", "Hello"),
    ]  # fmt: skip


def test_html_without_the_extra_is_told_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inscriptis.html_engine", None)
    (tmp_path / "a.eml").write_bytes(b"Subject: x\nContent-Type: text/html\n\n<p>x</p>\n")
    problem, document = read(str(tmp_path / "a.eml")).read()
    assert isinstance(document, Document)
    assert isinstance(problem, Problem)
    assert (document.text, document.title) == ("<p>x</p>", "x")
    assert "need the extra 'web'" in problem.reason


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 99, b"Content-Type: multipart/mixed\n\n"])
def test_what_is_no_mail_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.eml").write_bytes(content)
    with pytest.raises(ValueError, match="holds no text"):
        documents(read(str(tmp_path / "a.eml")))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a\n> b\nc", ("a\nc", "> b", "")),
        ("a\n-----Original Message-----\nb", ("a", "-----Original Message-----\nb", "")),
        ("a\n\nFrom: B\nSent: Monday\nTo: A\n\nold", ("a", "From: B\nSent: Monday\nTo: A\n\nold", "")),
        ("a\nVon: B\nGesendet: Montag\n\nalt", ("a", "Von: B\nGesendet: Montag\n\nalt", "")),
        ("From: is a word\nOn Monday he wrote:\nand more", ("From: is a word\nOn Monday he wrote:\nand more", "", "")),
        ("-- \nonly a signature", ("-- \nonly a signature", "", "")),
    ],
)
def test_quotations_are_kept_apart(text: str, parts: tuple[str, str, str]) -> None:
    assert parted(text) == parts


@given(st.text(st.sampled_from("ab \n>:On wrote")))
def test_no_word_is_lost(text: str) -> None:
    assert sorted(" ".join(parted(text)).split()) == sorted(text.split())


def test_flowed_lines_keep_their_depth() -> None:
    assert unflowed("> one \n> two\nthree\n-- \nfour", without_blank=False) == "> one two\nthree\n-- \nfour"
