"""Processes that start in a moment: each is forked from one that has imported the program before."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

import pytest

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(
    [
        *("exemplar.cli", "exemplar.data.building.build", "exemplar.data.corpus.catalog", "exemplar.data.sources.read"),
        *("exemplar.data.milvus.corpus", "exemplar.retrieval.highlights", "exemplar.retrieval.search"),
        *("exemplar.retrieval.sessions.session", "exemplar.retrieval.svm.fit", "exemplar.ui.server.serve"),
        *(
            "exemplar.ui.search.page",
            "exemplar.ui.corpora.page",
            "exemplar.ui.evaluation.page",
            "exemplar.ui.sessions_page",
        ),
        *(
            "pandas",
            "pydantic.fields",
            "scipy.sparse",
            "sqlite3",
            "PIL.Image",
            "tests.support.builders",
        ),
        *("streamlit.starlette", "streamlit.web.server.starlette.starlette_app", "starlette.middleware.sessions"),
        *("uvicorn", "uvicorn.protocols.http.h11_impl", "uvicorn.protocols.websockets.websockets_sansio_impl"),
        *("uvicorn.lifespan.on", "uvicorn.loops.auto", "anyio._backends._asyncio", "packaging.requirements"),
        "sentence_transformers",  # with PyTorch: seconds of a processor in each that embeds by a real model
    ]
)


def forked(home: Path, log: Path, call: Callable[..., None], *arguments: object) -> BaseProcess:
    """Start a process that calls a function over a home folder, and writes into a log what it has to say.

    The child runs no main module first: Streamlit's AppTest leaves the page there, which would draw itself.
    """
    process = _FORKED.Process(target=_run, args=(str(home), str(log), call, arguments))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        process.start()
    return process


def _run(home: str, log: str, call: Callable[..., None], arguments: tuple[object, ...]) -> None:
    with open(log, "ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.update(EXEMPLAR_HOME=home, HF_HUB_OFFLINE="1")
    call(*arguments)
