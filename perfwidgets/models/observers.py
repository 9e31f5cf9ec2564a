"""Observers that can fail or dawdle without harm to anybody else."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import traitlets

__all__ = ["Fault", "GuardedTraits", "Latest"]

#: an observer that takes longer (s) holds up the next sample, and is named
_SLOW = 0.1
#: characters of a message and of a traceback that are kept: a page is sent them with each change
_MOST_MESSAGE, _MOST_TRACE = 1000, 8000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong in the background, while the rest went on.

    Attributes
    ----------
    where
        Whose code it was.
    message
        What happened.
    traceback
        The whole traceback; empty for an observer that is only slow.
    times
        How often it has happened.
    """

    where: str
    message: str
    traceback: str
    times: int = 1


class GuardedTraits(traitlets.HasTraits):
    """Traits whose observers are called one by one: what one raises reaches no other.

    Faults are kept in `faults`, newest last, one for each observer and message.

    Attributes
    ----------
    changes
        Counts up with each change of a trait but those `of_samples`: who shows what seldom changes
        need look only then.
    """

    #: traits that change with samples
    of_samples: ClassVar[frozenset[str]] = frozenset()
    changes = 0

    faults: tuple[Fault, ...] = traitlets.Tuple(
        help="What went wrong in observers and in drawing, newest last."
    )  # type: ignore[assignment]

    def observe(
        self,
        handler: Callable[..., Any],
        names: Any = traitlets.All,
        type: Any = "change",  # noqa: A002  (traitlets' own name)
    ) -> None:
        """Call `handler` with each change, on the collector's thread while it runs.

        A handler that raises or is slow is named in `faults` and disturbs no other.
        """
        if not isinstance(handler, traitlets.EventHandler):  # a subclass' own, by decorator
            handler = _Guarded(handler, self)
        with self.told_from_now_on():
            super().observe(handler, names=names, type=type)

    def notify_change(self, change: Any) -> None:
        """Count it, and call those who observe."""
        if change["name"] not in self.of_samples:
            self.changes += 1
        super().notify_change(change)

    def catch_up(self) -> None:
        """Have all delivered that may be held back while nobody looks."""

    @contextmanager
    def told_from_now_on(self) -> Iterator[None]:
        """Around what makes somebody be told of samples: not of those before, and not late."""
        self.catch_up()
        yield
        self.catch_up()  # it may have begun to hold back again

    def _is_observed(self, *names: str) -> bool:
        heard: dict[Any, dict[Any, list[Any]]] = self._trait_notifiers
        return any(any(heard.get(name, {}).values()) for name in (*names, traitlets.All))

    def note_fault(self, where: str, message: str, trace: str = "") -> None:
        """Keep a fault, what is very long cut short; the same one again only counts up."""
        message, trace = _cut(message, _MOST_MESSAGE), trace[-_MOST_TRACE:]
        others = [f for f in self.faults if (f.where, f.message) != (where, message)]
        same = [f for f in self.faults if (f.where, f.message) == (where, message)]
        times = same[0].times + 1 if same else 1
        self.faults = (*others[-19:], Fault(where, message, trace, times))


class Latest(traitlets.Instance[Any]):
    """An instance that is replaced many times a second: where nobody observes, it is only kept.

    To find that out for itself takes traitlets as long as a history takes to grow by a row.
    """

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Return the latest of all that there are."""
        obj.catch_up()
        return super().get(obj, cls)

    def set(self, obj: Any, value: Any) -> None:
        """Keep `value`; tell those who observe, if there are any."""
        if obj._is_observed(self.name) or not isinstance(value, cast("type", self.klass)):
            super().set(obj, value)
        else:
            obj._trait_values[self.name] = value


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


class _Guarded:
    """A handler that neither raises nor dawdles unseen; equal to the handler it stands for."""

    def __init__(self, handler: Callable[..., Any], owner: GuardedTraits) -> None:
        self._handler = handler
        self._owner = owner

    def __eq__(self, other: object) -> bool:
        return self._handler == (other._handler if isinstance(other, _Guarded) else other)

    def __hash__(self) -> int:
        return hash(self._handler)

    def __call__(self, change: Any) -> None:
        where = getattr(self._handler, "__qualname__", repr(self._handler))
        began = time.perf_counter()
        try:
            self._handler(change)
        except KeyboardInterrupt:
            raise
        except (
            BaseException
        ) as error:  # an observer's exit() or cancellation ends no thread of ours
            if change.name != "faults":  # else it would be told of its own fault, for ever
                message = f"{type(error).__name__}: {error}"
                self._owner.note_fault(f"observer {where}", message, traceback.format_exc())
            return
        taken = time.perf_counter() - began
        if taken > _SLOW and change.name != "faults":
            self._owner.note_fault(f"observer {where}", "is slow: it holds up the next sample")
