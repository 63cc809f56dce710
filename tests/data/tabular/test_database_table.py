"""Databases of SQLite, DuckDB and Lance, written by their own libraries; nothing beside them changes."""

import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import lance
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.files.options import ReadOptions
from exemplar.data.tabular import database_table
from tests.support.damage import WILD, told_of, tree
from tests.support.reading import documents, problems, read, texts


@contextmanager
def sqlite(path: Path, *statements: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        yield connection


def written(path: Path, *statements: str) -> str:
    with sqlite(path, *statements):
        return str(path)


POSTS = (
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT, picture BLOB, n)",
    "INSERT INTO posts VALUES (7, 'a', x'ff', NULL)",
)


@pytest.mark.parametrize("name", ["a.db", "a.sqlite", "a.sqlite3", "without-suffix"])
def test_the_only_table_is_read_without_its_pictures(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, *POSTS, "INSERT INTO posts VALUES (8, NULL, NULL, 2.5), (9, 'c', 'text', 2)")
    assert list(read(path).read()) == [
        Document("7", "a"),
        Problem("row 1", "no text"),
        Document("9", "c", (), {"n": "2"}),
    ]
    assert documents(read(path, label_column="picture"))[1].labels == ("text",)


def test_of_several_tables_the_only_one_with_texts_is_taken_else_a_sentence_lists_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.db", *POSTS, "CREATE TABLE users (id, name)", "INSERT INTO users VALUES (1, 'Zoë')")
    assert texts(read(path)) == ["a"]
    assert texts(read(path, text_column="name")) == ["Zoë"]
    written(tmp_path / "a.db", "CREATE VIEW loud AS SELECT id, body || '!' AS body FROM posts")
    with pytest.raises(ValueError, match=r"several tables: posts, loud; say which .*"):
        read(path)
    assert texts(read(path, options=ReadOptions(table="loud"))) == ["a!"]
    assert texts(read(path, options=ReadOptions(table="POSTS"))) == ["a"]
    with pytest.raises(ValueError, match="it has no table 'x'; its tables are posts, users, loud$"):
        read(path, options=ReadOptions(table="x"))
    with pytest.raises(ValueError, match="it has no table$"):
        read(written(tmp_path / "empty.db", "CREATE TABLE a (b)", "DROP TABLE a"))


def test_the_parts_of_a_full_text_index_are_no_tables(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.db", "CREATE VIRTUAL TABLE posts USING fts5(title, body)", "INSERT INTO posts VALUES ('t', 'x')"
    )
    assert documents(read(path)) == [Document("0", "x", title="t")]


def test_names_of_any_letters_are_quoted(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a?b#c%20.db",
        'CREATE TABLE "a""b; DROP TABLE x" (text, "te""xt; --")',
        "INSERT INTO \"a\"\"b; DROP TABLE x\" VALUES ('z', 'q')",
    )
    assert documents(read(path)) == [Document("0", "z", (), {'te"xt; --': "q"})]


def test_rows_that_only_the_log_beside_a_database_has_are_read(tmp_path: Path) -> None:
    with sqlite(tmp_path / "a.db", "PRAGMA journal_mode = wal", *POSTS) as connection:
        connection.execute("INSERT INTO posts (body) VALUES ('only in the log')")
        connection.commit()
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        assert texts(read(str(tmp_path / "a.db"))) == ["a", "only in the log"]
    before = tree(tmp_path)
    assert list(before) == ["a.db"]
    assert texts(read(str(tmp_path / "a.db"))) == ["a", "only in the log"]
    assert tree(tmp_path) == before


def test_a_database_that_another_program_writes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_table, "_SECONDS", 0.01)
    with sqlite(tmp_path / "a.db", *POSTS) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(
            ValueError, match=r"another program writes to it \(database is locked\); close that program"
        ):
            read(str(tmp_path / "a.db"))


def test_a_database_that_is_none_or_damaged_is_told(tmp_path: Path) -> None:
    assert told_of(tmp_path / "a.db", b"just a text") == "it is no SQLite database"
    rows = [(f"{'text ' * 200}{n}",) for n in range(500)]
    with sqlite(tmp_path / "b.db", "CREATE TABLE posts (body)") as connection:
        connection.executemany("INSERT INTO posts VALUES (?)", rows)
        connection.commit()
    content = bytearray((tmp_path / "b.db").read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.db").write_bytes(content)
    (tmp_path / "folder" / "c.txt").write_text("c")
    source = read(str(tmp_path / "folder"))
    assert len(texts(source)) > 1
    assert texts(source)[-1] == "c"
    assert problems(source) == [Problem("b.db", "database disk image is malformed")]


def test_a_text_in_another_encoding_is_told_and_read_by_its_name(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.db", "CREATE TABLE posts (body)", "INSERT INTO posts VALUES (CAST(x'636166e9' AS TEXT))"
    )
    told = "bytes that are not UTF-8 became U+FFFD; name the encoding of the texts"
    assert list(read(path).read()) == [Problem("row 0", told, left_out=False), Document("0", "caf\ufffd")]
    assert list(read(path, options=ReadOptions(encoding="latin-1")).read()) == [Document("0", "café")]


@pytest.mark.parametrize("where", ["WHERE x < 0", "WHERE x > 0"])
def test_a_view_without_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(database_table, "_MOST_STEPS", 3 * 10**6)
    monkeypatch.setattr(database_table, "_STEPS_A_BYTE", 0)
    monkeypatch.setattr(database_table, "FEW_ROWS", 1000)
    monkeypatch.setattr(database_table, "MOST_ROWS_A_BYTE", 0)
    counted = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 'a' AS text FROM c"
    path = written(tmp_path / "a.db", f"CREATE VIEW v AS {counted} {where}")
    with pytest.raises(ValueError, match=r"takes too long to compute|more than 1,000 rows, beyond all measure"):
        texts(read(path))


def test_a_database_in_an_archive_is_told(tmp_path: Path) -> None:
    written(tmp_path / "a.db", *POSTS)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.db", "a.db")
    told = "a database is read from disk alone; unpack or download it first"
    assert problems(read(str(tmp_path / "a.zip"))) == [Problem("a.db", told)]


@WILD
@given(
    st.lists(st.tuples(st.text(min_size=1).filter(str.strip), st.none() | st.integers(-(2**63), 2**63 - 1)), min_size=1)
)
def test_what_sqlite_writes_is_what_is_read(tmp_path: Path, rows: list[tuple[str, int | None]]) -> None:
    (tmp_path / "a.db").unlink(missing_ok=True)
    with sqlite(tmp_path / "a.db", "CREATE TABLE rows (text TEXT, n INTEGER)") as connection:
        connection.executemany("INSERT INTO rows VALUES (?, ?)", rows)
        connection.commit()
    found = documents(read(str(tmp_path / "a.db")))
    assert [(each.text, each.metadata.get("n")) for each in found] == [
        (text, None if n is None else str(n)) for text, n in rows
    ]


def in_duckdb(path: Path, *statements: str) -> str:
    with duckdb.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    return str(path)


DUCKS = (
    "CREATE TABLE t (text VARCHAR, label ENUM('a', 'b'), picture BLOB, n HUGEINT, who STRUCT(a INT))",
    "INSERT INTO t VALUES ('x', 'a', '\\xff'::BLOB, 1267650600228229401496703205376, {'a': 1}), "
    "(NULL, NULL, NULL, NULL, NULL)",
)


@pytest.mark.parametrize("name", ["a.duckdb", "without-suffix"])
def test_a_table_of_duckdb_is_read_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    path = in_duckdb(tmp_path / name, *DUCKS)
    before = tree(tmp_path)
    assert list(read(path).read()) == [
        Document("0", "x", ("a",), {"n": str(2**100), "who": '{"a":1}'}),
        Problem("row 1", "no text"),
    ]
    assert tree(tmp_path) == before


def test_tables_and_views_of_duckdb_are_chosen_by_name(tmp_path: Path) -> None:
    path = in_duckdb(
        tmp_path / "a.duckdb",
        *DUCKS,
        "CREATE SCHEMA s",
        "CREATE TABLE s.u (text VARCHAR)",
        "INSERT INTO s.u VALUES ('u')",
        "CREATE VIEW elsewhere AS SELECT content AS text FROM read_text('/etc/hostname')",
    )
    with pytest.raises(ValueError, match="several tables: elsewhere, t, s.u; say which"):
        read(path)
    assert texts(read(path, options=ReadOptions(table="s.u"))) == ["u"]
    with pytest.raises(ValueError, match='Cannot access file "/etc/hostname"'):
        read(path, options=ReadOptions(table="elsewhere"))
    assert "not a valid DuckDB database file" in told_of(tmp_path / "b.duckdb", b"just a text")


@pytest.mark.slow
def test_a_duckdb_that_another_program_writes_is_told(tmp_path: Path) -> None:
    path = in_duckdb(tmp_path / "a.duckdb", *DUCKS)
    code = f"import duckdb; c = duckdb.connect({path!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        with pytest.raises(ValueError, match="another program writes to it; close that program, or copy the database"):
            read(path)
        writer.communicate(b"\n")
    assert texts(read(path)) == ["x"]


LANCE = pa.table(
    {"text": ["a", "b"], "vector": pa.array([[0.5, 1.0]] * 2, pa.list_(pa.float32(), 2)), "p": [b"\xff", b""]}
)


def test_a_lance_data_set_is_a_table_by_itself_and_in_a_folder(tmp_path: Path) -> None:
    lance.write_dataset(LANCE, str(tmp_path / "rows.lance"))
    lance.dataset(str(tmp_path / "rows.lance")).delete("text = 'a'")
    source = read(str(tmp_path / "rows.lance"))
    assert list(source.read()) == [Document("0", "b", (), {"vector": "0.5, 1.0"})]
    assert source.name == "rows"
    (tmp_path / "c.txt").write_text("c")
    assert [each.doc_id for each in documents(read(str(tmp_path)))] == ["c.txt", "rows.lance#0"]


def test_a_damaged_lance_data_set_is_told(tmp_path: Path) -> None:
    lance.write_dataset(LANCE, str(tmp_path / "rows.lance"))
    for data in (tmp_path / "rows.lance" / "data").iterdir():
        data.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot read .*rows.lance: "):
        texts(read(str(tmp_path / "rows.lance")))


def test_a_lance_data_set_with_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    lance.write_dataset(LANCE, str(tmp_path / "secret.lance"))
    lance.write_dataset(LANCE, str(tmp_path / "folder" / "rows.lance"))
    os.symlink(tmp_path / "secret.lance", tmp_path / "folder" / "rows.lance" / "more")
    (tmp_path / "folder" / "a.txt").write_text("a")
    assert list(read(str(tmp_path / "folder")).read()) == [
        Problem("rows.lance", "a link that leads out of the folder"),
        Document("a.txt", "a"),
    ]
    with pytest.raises(ValueError, match="it has a link that leads out of the folder"):
        read(str(tmp_path / "folder" / "rows.lance"))


@pytest.mark.parametrize(("module", "extra", "name"), [("duckdb", "duckdb", "a.duckdb"), ("lance", "lance", "a.lance")])
def test_a_database_needs_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, extra: str, name: str
) -> None:
    if module == "lance":
        lance.write_dataset(LANCE, str(tmp_path / name))
    else:
        in_duckdb(tmp_path / name, *DUCKS)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ValueError, match=rf"need the extra '{extra}': .*exemplar\[{extra}\]"):
        read(str(tmp_path / name))
