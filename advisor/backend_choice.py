"""Which backend is used. Looks at package metadata and imports no framework."""

from __future__ import annotations

import re
from importlib import metadata

from advisor.backend import ENTRY_POINTS, BackendMissingError, backend_names
from advisor.recipe_file.problems import near

DEFAULT = "torch"


def chosen(name: str | None) -> str:
    """The backend of this name; without one the default, or whichever is installed.

    Raises BackendMissingError for a name that no installed package registers.
    """
    known = backend_names()
    if name is not None:
        if name not in known:
            close = near(name, known)
            hint = f"; did you mean {close!r}?" if close else ""
            registered = ", ".join(known) or "none"
            raise BackendMissingError(
                f"no backend is called {name!r}{hint}; registered: {registered}"
            )
        return name
    ready = [backend for backend in known if is_installed(backend)]
    if not ready:
        raise BackendMissingError(
            "no backend is installed; install one with: "
            + " or ".join(f"pip install 'tuning-advisor[{backend}]'" for backend in known)
        )
    return DEFAULT if DEFAULT in ready else ready[0]


def is_installed(backend: str) -> bool:
    """Whether the packages are here that the extra of the backend's name asks for."""
    for point in metadata.entry_points(group=ENTRY_POINTS, name=backend):
        for need in (point.dist.requires if point.dist else None) or ():
            requirement, _, marker = need.partition(";")
            extra = re.search(r"extra == ['\"]([^'\"]+)", marker)
            package = re.match(r"[\w.-]+", requirement)
            if extra and extra[1] == backend and package and not _is_here(package[0]):
                return False
    return True


def _is_here(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
