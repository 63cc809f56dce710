import tracemalloc
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files import xml_stream
from exemplar.data.files.xml_stream import elements
from exemplar.data.sources.files import file_on_disk
from tests.support.reading import documents, read

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def xml(path: Path, content: str) -> str:
    path.write_text(HEAD + content, encoding="utf-8")
    return str(path)


def test_posts_give_text_titles_and_tags(tmp_path: Path) -> None:
    body = "<p>After <em>rain</em> &amp; sun: <code>List&lt;String&gt;</code></p>"
    first = f'<row Id="7" Title="Why?" Body={quoteattr(body)} Tags="&lt;a&gt;&lt;b-c&gt;" />'
    second = '<row Id="8" Tags="|a|d|" Body="x"/>'
    assert documents(read(xml(tmp_path / "Posts.xml", f"<posts>{first}{second}</posts>"))) == [
        Document("7", "After rain & sun: List<String>", ("a", "b-c"), {}, "Why?"),
        Document("8", "x", ("a", "d")),
    ]


def test_comments_are_no_html(tmp_path: Path) -> None:
    path = xml(
        tmp_path / "Comments.xml", '<comments><row Id="1" Text="use &lt;b&gt; &amp;amp; List&lt;T&gt;"/></comments>'
    )
    assert documents(read(path)) == [Document("1", "use <b> &amp; List<T>")]


def test_a_dump_that_breaks_off_gives_what_stands_before(tmp_path: Path) -> None:
    path = xml(tmp_path / "Posts.xml", '<posts><row Id="1" Body="a"/><row Id="2" Bo')
    document, problem = read(path).read()
    assert document == Document("1", "a")
    assert isinstance(problem, Problem)
    assert problem.left_out
    assert problem.reason.startswith("broken XML after 1 records: ")
    with pytest.raises(ExemplarError, match="broken XML"):
        read(xml(tmp_path / "Posts.xml", "<posts><row "))


def test_a_feed_gives_its_items(tmp_path: Path) -> None:
    item = (
        "<item><title>Post</title><link>http://x</link><description>&lt;p&gt;Begin&lt;/p&gt;</description>"
        "<content:encoded><![CDATA[<p>The <b>whole</b></p>]]></content:encoded><category>a</category>"
        "<category>b</category><guid>g</guid></item>"
    )
    rss = (
        f'<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>F</title>{item}</channel></rss>'
    )
    metadata = {"link": "http://x", "description": "Begin"}
    assert documents(read(xml(tmp_path / "a.xml", rss))) == [Document("g", "The whole", ("a", "b"), metadata, "Post")]
    entry = (
        "<entry><title>E</title><id>i</id><link href='http://x'/><summary>short</summary><category term='c'/></entry>"
    )
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>{entry}</feed>'
    assert documents(read(xml(tmp_path / "a.xml", atom))) == [Document("i", "short", ("c",), {"link": "http://x"}, "E")]


def test_pubmeds_records_are_read(tmp_path: Path) -> None:
    record = (
        "<PubmedArticle><MedlineCitation><PMID>123</PMID><Article><Journal><JournalIssue><PubDate>"
        "<MedlineDate>2024 Jan-Feb</MedlineDate></PubDate></JournalIssue><Title>J</Title></Journal><ArticleTitle>On "
        "<i>bees</i></ArticleTitle><Abstract><AbstractText Label='AIM'>Wild.</AbstractText><AbstractText Label='END'>"
        "n &lt; 5 &amp;amp;</AbstractText></Abstract><AuthorList><Author><LastName>Doe</LastName><ForeName>J</ForeName>"
        "</Author><Author><CollectiveName>Group</CollectiveName></Author></AuthorList></Article></MedlineCitation>"
        "<PubmedData><ArticleIdList><ArticleId IdType='doi'>10.1234/x</ArticleId></ArticleIdList></PubmedData>"
        "</PubmedArticle>"
    )
    doctype = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" "https://x/p.dtd">'
    path = xml(tmp_path / "a.xml", f"{doctype}<PubmedArticleSet>{record}</PubmedArticleSet>")
    [document] = documents(read(path))
    assert (document.doc_id, document.title) == ("123", "On bees")
    assert document.text == "AIM: Wild.\nEND: n < 5 &amp;"
    assert document.metadata == {"authors": "Doe, J; Group", "year": "2024", "journal": "J", "doi": "10.1234/x"} | {
        "other year": "2024 Jan-Feb"
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<TEI xmlns='http://x'><text/></TEI>", "a kind that is not known: its outermost element is <TEI>"),
        ('<!DOCTYPE posts [<!ENTITY a "b">]><posts><row Id="1" Body="&a;"/></posts>', "XML that defines entities"),
        ('<!DOCTYPE posts [<!ENTITY a SYSTEM "/x">]><posts><row Id="1" Body="&a;"/></posts>', "defines entities"),
        ("<posts></posts>", "no element <row>"),
        ("<rss><channel/></rss>", "a feed without items"),
        ("<PubmedArticleSet/>", "no element <PubmedArticle>"),
        ("no XML", "broken XML"),
        ("<posts>" + "<a>" * 2000, "XML of more than 1,000 levels"),
    ],
)  # fmt: skip
def test_other_xml_is_told(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(ExemplarError, match=reason):
        read(xml(tmp_path / "a.xml", content))


def test_an_unknown_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text('<?xml version="1.0" encoding="foo"?><posts><row Id="1" Body="a"/></posts>')
    with pytest.raises(ExemplarError, match="broken XML after 0 records: unknown encoding: foo"):
        read(str(tmp_path / "a.xml"))


def test_a_huge_element_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "_MOST_BYTES", 100_000)
    path = Path(xml(tmp_path / "a.xml", "<posts>" + "<row Id='1'/>" * 20_000 + "</posts>"))
    assert sum(1 for _ in elements(file_on_disk(path), "row")) == 20_000
    path = Path(xml(tmp_path / "a.xml", f"<posts><row Id='{'1' * 200_000}'/></posts>"))
    with pytest.raises(ExemplarError, match="an element of more than 100,000 bytes"):
        list(elements(file_on_disk(path), "row"))


@pytest.mark.parametrize("row", ['<row Id="1" Body="{}"/>', "<group><other>{}</other><row Id='1'/></group>"])
def test_what_was_read_is_not_kept(tmp_path: Path, row: str) -> None:
    peaks = []
    for n in (500, 5000):
        path = Path(xml(tmp_path / "a.xml", f"<posts>{row.format('x' * 200) * n}</posts>"))
        tracemalloc.start()
        assert sum(1 for _ in elements(file_on_disk(path), "row")) == n
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))).filter(lambda text: text.strip())


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_texts_that_are_written_are_read(tmp_path_factory: pytest.TempPathFactory, written: list[str]) -> None:
    rows = "".join(f"<row Id='{number}' Text={quoteattr(text)}/>" for number, text in enumerate(written))
    path = xml(tmp_path_factory.mktemp("xml") / "Comments.xml", f"<comments>{rows}</comments>")
    assert [each.text for each in documents(read(path))] == written
