"""One request to the Hugging Face hub, so that a missing network fails in seconds, not after retries."""

from typing import Literal

from exemplar.data.errors import ExemplarError
from exemplar.data.text import root_cause


def check_hub(kind: Literal["model", "dataset"], name: str, revision: str | None = None) -> None:
    """Check that the hub has a model or data set and allows its download; do nothing in offline mode.

    Raises
    ------
    ExemplarError
        The hub can't be reached, does not have this name or revision, or requires a login.
    """
    import huggingface_hub
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    what = "model" if kind == "model" else "data set"
    try:
        huggingface_hub.HfApi().repo_info(name, repo_type=kind, revision=revision, timeout=10)
    except OfflineModeIsEnabled:
        return  # the loader uses its cache, and raises if the cache lacks the name
    except HFValidationError as error:
        raise ExemplarError(f"there is no folder {name}, and no {what} on the hub can have this name") from error
    except GatedRepoError as error:
        raise ExemplarError(f"the hub gives the {what} {name} only to those who log in (hf auth login)") from error
    except RepositoryNotFoundError as error:
        raise ExemplarError(f"there is no folder {name}, and the Hugging Face hub has no such {what}") from error
    except RevisionNotFoundError as error:
        raise ExemplarError(f"the {what} {name} on the hub has no revision {revision}") from error
    except Exception as error:
        raise ExemplarError(
            f"there is no folder {name}, and the Hugging Face hub can't be reached to fetch such a {what} "
            f"({root_cause(error)}); connect, name a local folder, or set HF_HUB_OFFLINE=1 if it is in the cache"
        ) from error
