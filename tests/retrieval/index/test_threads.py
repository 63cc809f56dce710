import multiprocessing
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from exemplar.data.encoders.base import unit_rows
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.threads import one_blas_thread, run_in_shares
from exemplar.retrieval.svm.fit import fit_exemplar_svm
from tests.support.patience import PATIENCE


@pytest.fixture
def vectors() -> np.ndarray:
    """So many rows that the threads have something to share."""
    return unit_rows(np.random.default_rng(0).normal(size=(12_000, 48)))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 1000])
def test_shares_cover_everything_once_and_in_order(n: int) -> None:
    assert [i for share in run_in_shares(n, list) for i in share] == list(range(n))


def blas_threads() -> list[int]:
    """Return the threads of the libraries that multiply for us; other tests may have loaded more, such as Milvus's."""
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return [library["num_threads"] for library in blas if "numpy" in library["filepath"]]


def test_fits_at_the_same_time_leave_blas_as_it_was(vectors: np.ndarray) -> None:
    before, results = blas_threads(), []
    index = DenseIndex(vectors)
    fits = [threading.Thread(target=lambda: results.append(fit_exemplar_svm(index, vectors[:1]))) for _ in range(8)]
    for fit in fits:
        fit.start()
    for fit in fits:
        fit.join()
    assert blas_threads() == before
    assert len({tuple(svm.w) for svm in results}) == 1
    assert len(results) == 8


def test_users_of_blas_may_come_and_go_in_any_order() -> None:
    before = blas_threads()
    assert before
    second_in, first_out, end = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with one_blas_thread():
            second_in.wait()
        first_out.set()
        end.wait()  # still there when the second one leaves

    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    with one_blas_thread():
        assert set(blas_threads()) <= {1}
        second_in.set()
        first_out.wait()
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before
    end.set()
    thread.join()
    with one_blas_thread():
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
def test_a_forked_process_can_fit(vectors: np.ndarray) -> None:
    index = DenseIndex(vectors)
    here = fit_exemplar_svm(index, vectors[:1]).w.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it is what is tested
        with multiprocessing.get_context("fork").Pool(1) as pool:
            there = pool.apply_async(fit_exemplar_svm, (index, vectors[:1])).get(timeout=PATIENCE)
    assert there.w.tolist() == pytest.approx(here)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes can't be bound to processors here")
def test_no_more_threads_than_processors_that_may_be_used() -> None:
    first = min(os.sched_getaffinity(0))
    code = f"""
import os
os.sched_setaffinity(0, {{{first}}})
from exemplar.data.encoders.hardware import n_processors
from exemplar.retrieval.index.threads import N_THREADS
assert (n_processors(), N_THREADS) == (1, 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
