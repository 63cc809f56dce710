"""Files that wait to be downloaded, under addresses that no one can guess."""

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from exemplar.retrieval.exports.waiting import new_folder, offer, withdraw
from exemplar.ui.server import serve


def test_a_file_is_sent_under_its_address_until_it_is_withdrawn() -> None:
    path = new_folder() / "papers é.csv"
    path.write_text("a,b\n")
    download = offer(path)
    assert len(download.key) == 32
    assert download.address == f"downloads/{download.key}/papers%20%C3%A9.csv"
    client = TestClient(Starlette(routes=[Route(serve._DOWNLOADS, serve._download)]))
    sent = client.get(f"/{download.address}")
    assert (sent.status_code, sent.text, sent.headers["cache-control"]) == (200, "a,b\n", "no-store")
    assert sent.headers["content-disposition"] == "attachment; filename*=utf-8''papers%20%C3%A9.csv"
    for wrong in (f"downloads/{download.key}/other.csv", f"downloads/{download.key[:-1]}/papers%20%C3%A9.csv"):
        assert client.get(f"/{wrong}").status_code == 404
    withdraw(download)
    assert not path.exists()
    gone = client.get(f"/{download.address}")
    assert (gone.status_code, gone.text) == (404, "This file is not here any more; export it again.\n")


def test_two_files_of_one_name_wait_beside_each_other() -> None:
    first, second = new_folder() / "x.csv", new_folder() / "x.csv"
    assert first.parent != second.parent
    assert first.parent.parent == second.parent.parent
