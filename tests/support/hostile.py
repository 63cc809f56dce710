"""What a document, or any name in it, may hold to be taken for something else than text."""

from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec

EVIL = "http://evil.invalid"
ENDLESS = 10_000_000  # characters, the most that a text may have

HOSTILE = {
    "image": f"<img src=x onerror=\"window.ran=1;fetch('{EVIL}/1')\"> <img src={EVIL}/1.png>",
    "script": f"<script src={EVIL}/2.js></script><script>window.ran=2</script>",
    "svg": "<svg onload=window.ran=3><a xlink:href=javascript:window.ran=3><math><mtext></svg>",
    "frame": '<iframe srcdoc="<script>parent.ran=4</script>"></iframe><object data=x><embed src=x>',
    "style": f"<style>@import '{EVIL}/5.css';body{{display:none}}</style>",
    "link": f"<link rel=stylesheet href={EVIL}/6.css><base href={EVIL}/><meta http-equiv=refresh content='0;url=x'>",
    "address": '<a href="javascript:window.ran=7">x</a> data:text/html,<script>window.ran=7</script>',
    "unclosed": "</div></div></section></span><!-- <b> <p title=' <textarea> <title> <![CDATA[",
    "entity": "&lt;b&gt; &amp; &#60;script&#62; &nbsp;| &Tab; &copy",
    "markdown": f"**bold** _it_ ![x]({EVIL}/9.png) [l]({EVIL}) $x^2$ :material/delete: :red[red] :smile: `code`",
    "block": f"# head\n- item\n```\ncode\n```\n| a | b |\n|---|---|\n| c | d |\n{EVIL}/10 <{EVIL}> www.evil.invalid",
    "control": f"nul \0 escape \x1b[31m \x1b]8;;{EVIL}\x07x\x1b\\ csi \x9b31m \x7f vt \x0b ff \x0c nel \x85 end",
    "direction": "\u202egnp.exe\u2066 \u202d \u200b\u200d\ufeff \u2028line\u2029paragraph",
    "path": "../../etc/passwd C:\\x a/b \\\\server\\share %2e%2e%2f file:///etc/passwd",
    "template": '=HYPERLINK("x") {0.__class__} %s %(x)s ${7*7} {{7*7}} <%= 7*7 %> #{7*7} \\(x\\)',
    "accents": "a" + "\u0301" * 60 + "b" + "\u0324" * 60,
}
TEXTS = tuple(HOSTILE.values())


def squeezed(text: str) -> str:
    """Return a text without blanks and NULs, of which a browser shows fewer or none."""
    return "".join(text.replace("\0", "").split())


def documents() -> list[Document]:
    """Two documents a text, the second a long one; three have a value in a column of its name."""
    found = []
    for number, text in enumerate(TEXTS):
        others = {text: "1", "kind": text}
        found += [
            Document(text, text, (text,), others | {TEXTS[number - 1]: "2"}),
            Document(f"{text} again", f"{text} {'and plain words ' * 30}", (text,), others),
        ]
    return found


def endless_documents() -> list[Document]:
    """Documents with a label, an id, a column's name or its value without an end."""
    return [
        Document("label", "a label", ("l" * ENDLESS,)),
        Document("label too", "a label again", ("l" * ENDLESS,)),
        Document("i" * (ENDLESS - 1) + "j", "an id", ("a",), {"v": "v" * ENDLESS}),
        Document("i" * ENDLESS, "another id", ("a",), {"v": "v" * ENDLESS, "f" * ENDLESS: "1"}),
        Document("name", "a name", ("a",), {"v": "1", "f" * ENDLESS: "2"}),
        Document("name too", "a name again", ("a",), {"f" * ENDLESS: "2"}),
    ]


def source(name: str, found: list[Document]) -> Source:
    """Return documents as a source that has hostile names too, and a path that is no Unicode."""
    spec = SourceSpec(f"/nowhere/{TEXTS[0]}/caf\udce9.csv", text_column=TEXTS[9], label_column=TEXTS[1])
    return Source(name, spec, lambda: iter(found))
