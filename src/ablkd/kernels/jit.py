"""The jit decorators, with a cache that a changed kernel can never find stale.

numba's own cache does not notice an edited helper in another file, so the cache folder is keyed by a hash of
every kernel's source.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numba
import numba.np.linalg


def _cache_folder() -> Path:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    chosen = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    parent = Path(chosen) if chosen else Path.home() / ".cache"
    folder = parent / "ablkd" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir()) / f"ablkd-{os.getuid()}" / digest.hexdigest()[:16]
    return folder


def _no_blas() -> None:
    """Say to numba that there is no BLAS: no kernel calls it, and to find it all of scipy.linalg would be imported."""
    raise ImportError


numba.config.CACHE_DIR = str(_cache_folder())
numba.np.linalg.ensure_blas = _no_blas

jit = numba.njit(cache=True, nogil=True)
# For a function that is asked for every read and has one caller or two: to hand on all arrays of a graph takes longer
# than most answers.
inlined = numba.njit(inline="always")
