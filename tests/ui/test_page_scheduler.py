import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from exemplar.ui import page_scheduler
from exemplar.ui.page_scheduler import PageScheduler
from tests.support.patience import PATIENCE

N = 8
SOON = PATIENCE / 2  # seconds, for what has to happen
LATE = 2 * PATIENCE  # for what must not


@pytest.fixture
def pages() -> PageScheduler:
    return PageScheduler()


def test_pages_at_once_are_drawn_one_by_one(pages: PageScheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_scheduler, "_LONGEST", LATE)
    start, alone, drawn = threading.Barrier(N), threading.Lock(), []

    def page(number: int) -> None:
        start.wait(timeout=SOON)
        with pages.page():
            assert alone.acquire(blocking=False), "another one is being drawn"
            time.sleep(0.01)
            drawn.append(number)
            alone.release()

    with ThreadPoolExecutor(N) as threads:
        list(threads.map(page, range(N)))
    assert sorted(drawn) == list(range(N))


def test_a_page_that_goes_wrong_lets_the_next_one_in(pages: PageScheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_scheduler, "_LONGEST", LATE)
    with pytest.raises(ZeroDivisionError), pages.page():
        raise ZeroDivisionError
    let_in = threading.Event()

    def next_one() -> None:
        with pages.page():
            let_in.set()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(next_one)
        assert let_in.wait(timeout=SOON)


def test_a_page_that_takes_very_long_is_passed_by_one_at_a_time(
    pages: PageScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_scheduler, "_LONGEST", 0.2)
    second_in, second_goes, third_in = (threading.Event() for _ in range(3))

    def second() -> None:
        with pages.page():
            monkeypatch.setattr(page_scheduler, "_LONGEST", LATE)
            second_in.set()
            second_goes.wait(timeout=SOON)

    def third() -> None:
        with pages.page():
            third_in.set()

    with ThreadPoolExecutor(2) as threads:
        with pages.page():  # a model is being loaded
            threads.submit(second)
            assert second_in.wait(timeout=SOON)
            threads.submit(third)
            assert not third_in.wait(timeout=0.3), "two at once have passed it"
        assert not third_in.wait(timeout=0.3), "what was passed has let one in when it ended"
        second_goes.set()
        assert third_in.wait(timeout=SOON)
