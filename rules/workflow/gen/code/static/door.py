"""Who may ask a workflow's server, and how much."""

import os
from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def limit(name: str, default: int) -> int:
    """Give the number that a variable of the environment sets, or the default."""
    try:
        return max(1, int(os.environ.get(name, "")))
    except ValueError:
        return default


def detail(message: str, path: list[str], value: Any = None) -> dict[str, Any]:
    """Say what is wrong in the form in which parameters are refused."""
    return {
        "message": message,
        "path": path,
        "schema_path": [],
        "validator": None,
        "input": value,
    }


class Door:
    """Keeps web pages out, which can send requests to this machine's own ports as well, and bodies without end.

    A page cannot send JSON to another site without asking it first, so a body has to be JSON. It can make a name lead here
    (DNS rebinding), so the name has to be one of those that `serve` answers to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.most = limit("WT_MAX_BODY", 64 << 20)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                raise HTTPException(413, detail=[self._too_much()])
            return message

        answer: ASGIApp = self.app
        if scope["type"] == "http":
            answer = self._unwelcome(scope) or answer
        await answer(scope, counted, send)

    def _too_much(self) -> dict[str, Any]:
        message = f"the body has more than {self.most} bytes, which is what WT_MAX_BODY allows"
        return detail(message, ["body"])

    def _unwelcome(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        known = getattr(scope["app"].state, "names", None)
        try:
            name = urlsplit("//" + headers.get("host", "")).hostname
        except ValueError:
            name = None
        if known is not None and name not in known:
            message = f"this server does not answer to the name {name}; WT_SERVER_NAMES lists further ones"
            return JSONResponse({"detail": [detail(message, ["header", "host"])]}, 403)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] == "POST" and not (
            kind == "application/json"
            or kind.startswith("application/")
            and kind.endswith("+json")
        ):
            message = "the body has to be JSON, with Content-Type: application/json"
            where = ["header", "content-type"]
            return JSONResponse({"detail": [detail(message, where)]}, 415)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.most:
            return JSONResponse({"detail": [self._too_much()]}, 413)
        return None
