"""A PDF of one page, plain or encrypted."""

import io

_NAMED = b"""1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R
/Resources <</Font <</F1 5 0 R>>>>>> endobj
4 0 obj <</Length %d>> stream
%s
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
6 0 obj <</Title (On cats)>> endobj
"""


def pdf(text: str) -> bytes:
    """Return a PDF of one page that has a title and shows a text."""
    drawing = f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode() if text else b""
    body = b"%PDF-1.4\n" + _NAMED % (len(drawing), drawing)
    offsets = [body.index(b"%d 0 obj" % number) for number in range(1, 7)]
    table = b"xref\n0 7\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer <</Size 7 /Root 1 0 R /Info 6 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + table + end


def encrypted(content: bytes, password: str = "", algorithm: str = "AES-256") -> bytes:
    """Return a PDF encrypted; the empty password opens it by itself."""
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(password, "the owner's", algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()
