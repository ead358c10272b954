"""Headless Chromium, steered over the pipe of its DevTools protocol: pages are opened, clicked and typed into."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FOUND: Final = next(filter(None, map(shutil.which, NAMES)), None)
_ARGUMENTS: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--remote-debugging-pipe", "--window-size=1280,2000"),
)
_REDIRECTED: Final = 'exec "$@" 3<&{commands} 4>&{answers} {commands}<&- {answers}>&- 2>/dev/null'
"""Chromium reads commands from the file 3 and answers into the file 4."""


class Page:
    """One page of a browser."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands, self._answers, self._session, self._number = commands, answers, "", 0
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Open an address and wait until it is loaded; what the page complains about is kept."""
        self._call("Page.navigate", url="about:blank")
        self._until("Page.loadEventFired")
        self.complaints.clear()
        self._call("Page.navigate", url=url)
        self._until("Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """Give the value of an expression of JavaScript, that of a promise once it is there."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click the middle of an element, as with a mouse."""
        place = self.ask(f"""(() => {{
            const one = document.querySelector({json.dumps(selector)});
            one.scrollIntoView({{ block: "center" }});
            const {{ x, y, width, height }} = one.getBoundingClientRect();
            return {{ x: x + width / 2, y: y + height / 2 }};
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """Press a key, which is known by its name and by its number."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
            )

    def close(self) -> None:
        """Close the browser."""
        self._session = ""
        self._call("Browser.close")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        command = {"id": self._number, "method": method, "params": params, **session}
        self._commands.write(json.dumps(command).encode() + b"\0")
        self._commands.flush()
        while True:
            message = self._read()
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def _until(self, event: str) -> None:
        while self._read().get("method") != event:
            pass

    def _read(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser is gone"
            data += byte
        message: dict[str, Any] = json.loads(data)
        if message.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}:
            self.complaints.append(json.dumps(message["params"]))
        return message


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """Start a browser with a page.

    Args:
        folder: where its profile is written.
    """
    for_it, commands = os.pipe()
    answers, from_it = os.pipe()
    started = subprocess.Popen(
        [
            *("bash", "-c", _REDIRECTED.format(commands=for_it, answers=from_it), "bash"),
            *(str(FOUND), *_ARGUMENTS, f"--user-data-dir={folder / 'profile'}"),
        ],
        pass_fds=(for_it, from_it),
    )
    os.close(for_it)
    os.close(from_it)
    with os.fdopen(commands, "wb") as writes, os.fdopen(answers, "rb") as reads:
        try:
            page = Page(writes, reads)
            yield page
            page.close()
            started.wait(timeout=60)
        finally:
            started.kill()
            started.wait()
