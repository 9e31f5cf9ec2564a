"""A real kernel, spoken to as a notebook does: cells have ids, and their outputs are kept."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.manager import start_new_kernel

DASHBOARD = """
from perfwidgets import Dashboard
dashboard = Dashboard(interval=0.1)
display(dashboard)
assert dashboard.monitor.wait_for_sample(30) is not None
"""


class Kernel:
    """One kernel. `said` holds what was printed, by the id of the cell it was printed into."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client
        self.said: dict[str, str] = {}
        self.cells: dict[str, str] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self.manager.provisioner.process.pid)

    def begin(self, code: str, cell: str = "cell") -> str:
        """Start a cell; return the id of its request."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        metadata = {"cellId": cell, "deletedCells": [], "recordTiming": False}
        session = self.client.session
        message = session.msg("execute_request", content, metadata=metadata)
        self.cells[message["header"]["msg_id"]] = cell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def end(self, request: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for the end of a cell; return its reply, with `outputs` beside."""
        outputs: list[dict[str, Any]] = []
        end = time.monotonic() + seconds
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.01, end - time.monotonic()))
            parent, kind = message["parent_header"].get("msg_id"), message["msg_type"]
            if kind == "stream":
                cell = self.cells.get(parent, "nobody")
                self.said[cell] = self.said.get(cell, "") + message["content"]["text"]
            if parent == request:
                outputs.append(message)
                if kind == "status" and message["content"]["execution_state"] == "idle":
                    break
        while (reply := self.client.get_shell_msg(timeout=30))["parent_header"][
            "msg_id"
        ] != request:
            pass
        return {**reply["content"], "outputs": outputs}

    def run(self, code: str, cell: str = "cell") -> dict[str, Any]:
        """Run a cell to its end; an error in it fails the test."""
        reply = self.end(self.begin(code, cell))
        assert reply["status"] == "ok", "\n".join(reply.get("traceback", []))
        return reply

    def value(self, expression: str) -> Any:
        """The value of an expression, evaluated in a cell of its own."""
        reply = self.run(f"({expression})", "question")
        (text,) = [
            message["content"]["data"]["text/plain"]
            for message in reply["outputs"]
            if message["msg_type"] == "execute_result"
        ]
        return ast.literal_eval(text)


@contextmanager
def started() -> Iterator[Kernel]:
    """A kernel of this Python, ended at last."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
