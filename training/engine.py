"""Where the heavy work of training runs: threads of this process, processes, or the workers of a Dask scheduler.

All three run the same joblib tasks and give the same results. Tasks and results travel as pickles, between processes
that are one's own: anyone who reaches a Dask scheduler can run any code on its workers, so it must be private.
"""

from __future__ import annotations

import itertools
import logging
import platform
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, cast

from numpy.typing import NDArray

from shared.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

EngineName = Literal["threads", "processes", "dask"]

type Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""What joblib.delayed makes: a function and its arguments."""

# Workers that were started with their scheduler have joined it by then.
_WORKERS_SECONDS = 30
_CONNECT_SECONDS = 10
_POLL_SECONDS = 0.2
# For a single one joblib runs the tasks itself, where they were made.
_LEAST_THREADS = 2

_TOOLS = ("numpy", "onnxruntime", "pillow", "scikit-learn")


class EngineError(UserError):
    """The engine can't be used, or its workers can't do the work. The message says what to do."""


@dataclass(frozen=True)
class Engine:
    """Runs tasks. LOCAL is one; open_engine opens the others."""

    name: EngineName
    client: Client | None = None

    @property
    def here(self) -> bool:
        """Whether tasks run in this process, and see what it holds in memory."""
        return self.name == "threads"

    def run[Result](
        self, calls: Iterable[Call], returns: type[Result], *, shared: Sequence[NDArray[Any]] = (), ordered: bool
    ) -> Generator[Result]:
        """The results of calls, in their order or as they come. Calls are taken as they are needed.

        Arrays that every call has among its arguments are `shared`: each worker gets them once. A Dask worker that dies
        is replaced by the others. Raises what a call raises, and EngineError when the workers are lost.
        """
        from joblib import Parallel  # what does not run tasks need not wait for it

        calls = iter(calls)
        first = next(calls, None)
        if first is None:  # and nobody need be asked for anything
            return
        with self._chosen(shared):
            parallel = Parallel(-1, return_as="generator" if ordered else "generator_unordered", prefer="threads")
        results = cast("Generator[Result]", parallel(itertools.chain([first], calls)))
        try:
            for result in results:  # noqa: UP028 - `yield from` would close them before we can do it quietly
                yield result
        except self._lost() as error:
            raise EngineError(
                f"the workers were lost ({type(error).__name__}): see that they have memory enough, and run it again. "
                "Embeddings that came back are kept"
            ) from error
        finally:
            with warnings.catch_warnings():  # about cancelled tasks: stopping early is meant
                warnings.simplefilter("ignore")
                results.close()

    def _chosen(self, shared: Sequence[NDArray[Any]]) -> AbstractContextManager[object]:
        from joblib import parallel_config

        if self.name == "processes":
            return parallel_config(backend="loky")
        if self.name == "dask":
            return parallel_config(backend="dask", client=self.client, scatter=list(shared))
        return nullcontext()

    def _lost(self) -> tuple[type[BaseException], ...]:
        """What is raised when workers end that nothing replaces."""
        if self.client is None:
            return (BrokenProcessPool,)
        from distributed import CancelledError, KilledWorker

        return (CancelledError, KilledWorker)


LOCAL = Engine("threads")


@contextmanager
def open_engine(name: EngineName, scheduler: str | None = None) -> Generator[Engine]:
    """An engine by its name; "dask" goes with the address of a scheduler, such as tcp://10.0.0.4:8786.

    Raises EngineError, and OSError when the scheduler can't be reached.
    """
    if (name == "dask") != bool(scheduler):
        raise EngineError("the engine dask and a scheduler's address go together: --engine dask --scheduler ADDRESS")
    if name != "dask":
        yield Engine(name)
        return
    from distributed import Client

    # What becomes of its workers is in their own logs; here it would run through the progress bar.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False) as client:
        deadline = time.monotonic() + _WORKERS_SECONDS
        while (threads := sum(cast("dict[str, int]", client.nthreads()).values())) < _LEAST_THREADS:
            if time.monotonic() > deadline:
                raise EngineError(
                    f"the workers of {scheduler} have {threads} threads, and {_LEAST_THREADS} are the least: "
                    f"start more with `python -m dask worker {scheduler}`"
                )
            time.sleep(_POLL_SECONDS)
        with _copies_kept(client):
            yield Engine(name, client)


@contextmanager
def _copies_kept(client: Client) -> Generator[None]:
    """Keep what all calls share on every worker: the scheduler thins out copies, and the last may be on one that dies.

    https://distributed.dask.org/en/stable/active_memory_manager.html, "ReduceReplicas"
    """
    was_running = cast("bool", client.amm.running())
    client.amm.stop()
    try:
        yield
    finally:
        if was_running and client.status == "running":  # else the scheduler is gone
            with suppress(OSError):  # as it may be by now
                client.amm.start()


def toolchain() -> dict[str, str]:
    """The versions that the numbers in a bundle depend on. The last digits depend on the type of processor, too."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{package: version(package) for package in _TOOLS},
    }


def check_toolchain(expected: Mapping[str, str]) -> None:
    """Raise EngineError when this process, a worker, is not like the one that sent it work."""
    for tool, found in toolchain().items():
        if found != expected[tool]:
            raise EngineError(
                f"a worker on {platform.node()} has {tool} {found}, and not {expected[tool]} as this process: "
                "install the same requirements on both"
            )


def threads_of_this_worker() -> int:
    """How many threads a task may use: a Dask worker's, which it shares with other tasks; else one a process."""
    if "distributed" in sys.modules:
        from distributed import get_worker

        with suppress(ValueError):
            return get_worker().state.nthreads
    return 1
