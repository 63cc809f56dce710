"""Records that PubMed gives as XML."""

from typing import Any

from exemplar.data.bibliographies.fields import FIELDS, record_row

_ARTICLE = "MedlineCitation/Article"
_TEXTS = {
    "id": "MedlineCitation/PMID",
    "title": f"{_ARTICLE}/ArticleTitle",
    "journal": f"{_ARTICLE}/Journal/Title",
    "keywords": "MedlineCitation/KeywordList/Keyword",
    "mesh": "MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName",
    "type": f"{_ARTICLE}/PublicationTypeList/PublicationType",
    "language": f"{_ARTICLE}/Language",
}


def pubmed_row(article: Any) -> dict[str, str]:
    """Return an element ``PubmedArticle`` as a row with the columns of ``fields.FIELDS``."""
    fields = {name: [_text(each) for each in article.findall(path)] for name, path in _TEXTS.items()}
    fields["abstract"] = [_section(each) for each in article.findall(f"{_ARTICLE}/Abstract/AbstractText")]
    fields["authors"] = [_author(each) for each in article.findall(f"{_ARTICLE}/AuthorList/Author")]
    dates = article.findall(f"{_ARTICLE}/Journal/JournalIssue/PubDate")
    fields["year"] = [_text(each) for date in dates for each in (*date.findall("Year"), *date.findall("MedlineDate"))]
    ids = [*article.findall("PubmedData/ArticleIdList/ArticleId"), *article.findall(f"{_ARTICLE}/ELocationID")]
    fields["doi"] = [_text(each) for each in ids if "doi" in (each.get("IdType"), each.get("EIdType"))]
    return record_row(fields, {name: (name,) for name in FIELDS})


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _section(element: Any) -> str:
    label = element.get("Label", "")
    return f"{label}: {_text(element)}" if label else _text(element)


def _author(element: Any) -> str:
    def part(name: str) -> str:
        return (element.findtext(name) or "").strip()

    return ", ".join(filter(None, (part("LastName"), part("ForeName") or part("Initials")))) or part("CollectiveName")
