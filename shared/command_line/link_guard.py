"""Who may use a page: anyone who has the link that the terminal shows, from this machine, in a page of this address.

The token in the link is exchanged for a cookie that scripts can't read and other sites' pages can't make use of. Host
is checked so that no foreign name can be made to point here (DNS rebinding), Origin so that no page of another address,
another port of this machine included, can act with the cookie.
"""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_REFUSAL = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Not this way</title><h1>Not this way</h1><p>{reason}</p>"
)
_USE_THE_LINK = "Open the link that <code>{command}</code> shows in its terminal. It changes each time."


class Guard:
    """ASGI middleware in front of everything a page serves. Headers that the page sets itself stay as they are."""

    def __init__(self, app: ASGIApp, token: str, port: int, cookie: str, command: str) -> None:
        """`cookie` names the page's cookie; `command` is what shows the link."""
        self._app = app
        self._token = token
        self._use_the_link = _USE_THE_LINK.format(command=command)
        self._secret = secrets.token_urlsafe(32)
        # Cookies don't tell ports apart, and another page may be open at another one.
        self._cookie = f"{cookie}-{port}"
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = HTTPConnection(scope)
        reason = self._refusal(request)
        if reason is None:
            await self._app(scope, receive, self._hardened(send, enters="token" in request.query_params))
        else:
            response = HTMLResponse(_REFUSAL.format(reason=reason), HTTPStatus.FORBIDDEN)
            await response(scope, receive, self._hardened(send, enters=False))

    def _refusal(self, request: HTTPConnection) -> str | None:
        """Why a request is not let in; None when it is."""
        # All of them: of two headers of one name, others may go by the second.
        hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return "This page answers only at 127.0.0.1."
        own = [f"http://{hosts[0]}"]
        changes = request.scope["method"] not in {"GET", "HEAD"}
        if origins not in ([own] if changes else [[], own]):
            return "This page answers only its own scripts."
        if not {*request.headers.getlist("sec-fetch-site")} <= {"none", "same-origin"}:
            # A link from elsewhere may open the page, for which it needs the token. Nothing else may be fetched.
            opens = request.headers.getlist("sec-fetch-mode") == ["navigate"] and "token" in request.query_params
            if not opens:
                return "This page answers only its own scripts."
        given = request.query_params.get("token")
        if given is not None:
            return None if _same(given, self._token) else self._use_the_link
        return None if _same(request.cookies.get(self._cookie, ""), self._secret) else self._use_the_link

    def _hardened(self, send: Send, *, enters: bool) -> Send:
        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if enters:
                    cookie = Response()
                    cookie.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict")
                    headers.append("Set-Cookie", cookie.headers["set-cookie"])
            await send(message)

        return send_hardened


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
