"""A stand-in for the Hugging Face hub on a loopback port: enough of its API to fetch data sets and models from."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_API = re.compile(
    r"/api/(datasets|models)/(?P<repo>[^/]+/[^/]+)"
    r"(?:/(?P<what>revision|tree|paths-info)/(?P<revision>[^/]+)(?:/(?P<under>.*))?)?"
)
_FILE = re.compile(r"/(?P<kind>datasets/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


@contextmanager
def hub(repositories: dict[str, Path]) -> Iterator[tuple[str, list[str]]]:
    """Serve folders as repositories, ``datasets/owner/name`` or ``models/owner/name``; give address and requests."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *arguments: object) -> None:
            pass

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = unquote(urlsplit(self.path).path)
            requests.append(f"{self.command} {path}")
            if match := _API.fullmatch(path):
                self._api(match, body)
            elif match := _FILE.fullmatch(path):
                self._file(match)
            else:
                self._send(404, b"{}")

        def _api(self, match: re.Match, body: bytes) -> None:
            folder = repositories.get(f"{match[1]}/{match['repo']}")
            if folder is None:
                self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
                return
            files = [_entry(folder, path) for path in sorted(folder.rglob("*"))]
            if match["what"] == "tree":
                under = folder / (match["under"] or "")
                recursive = "recursive=true" in self.path.lower()
                paths = sorted(under.rglob("*") if recursive else under.glob("*"))
                answer: object = [_entry(folder, path) for path in paths]
            elif match["what"] == "paths-info":
                wanted = json.loads(body)["paths"] if body.startswith(b"{") else unquote(body.decode())
                answer = [entry for entry in files if entry["path"] in wanted]
            else:
                siblings = [{"rfilename": entry["path"]} for entry in files if entry["type"] == "file"]
                answer = {"id": match["repo"], "sha": revision_of(folder), "private": False, "tags": []}
                answer["siblings"] = siblings
            self._send(200, json.dumps(answer).encode())

        def _file(self, match: re.Match) -> None:
            folder = repositories.get(f"{match['kind'] or 'models/'}{match['repo']}")
            if folder is None:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
                return
            if not (folder / match["path"]).is_file():
                self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": revision_of(folder)})
                return
            content = (folder / match["path"]).read_bytes()
            etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            self._send(200, content, {"X-Repo-Commit": revision_of(folder), "ETag": f'"{etag}"'})

        def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()


def revision_of(folder: Path) -> str:
    """Return a commit for the present content of a folder."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _entry(folder: Path, path: Path) -> dict[str, object]:
    if path.is_dir():
        return {"type": "directory", "path": path.relative_to(folder).as_posix(), "oid": "0" * 40}
    content = path.read_bytes()
    oid = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return {"type": "file", "path": path.relative_to(folder).as_posix(), "size": len(content), "oid": oid}
