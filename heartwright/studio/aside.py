"""Work done aside: in a thread that nobody has to wait for when the server is closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def aside(what: Callable[..., Result], *given: Any) -> Result:
    """What `what` makes of what is given, in a daemon thread of its own.

    The threads of asyncio are joined when a loop ends; a compiler that has just begun would hold Ctrl-C up for long.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Result] = loop.create_future()

    def tell(result: Result | None, error: BaseException | None) -> None:
        if not answer.done():
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        try:
            told: tuple[Result | None, BaseException | None] = (what(*given), None)
        except BaseException as error:
            told = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, *told)

    threading.Thread(target=run, name=getattr(what, "__name__", "aside"), daemon=True).start()
    return await answer
