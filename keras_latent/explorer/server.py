"""The explorer as a server of this machine alone, for any model."""

import contextlib
import secrets
import socket
from collections.abc import Callable
from typing import Any

from keras_latent.explorer.answers import Answers
from keras_latent.explorer.bundle import document, policy
from keras_latent.explorer.exploration import Exploration

HOST = "127.0.0.1"
_LARGEST_QUESTION = 16 * 2**20


def application(exploration: Exploration, token: str, port: int) -> Any:
    """The server as an ASGI application.

    Whoever asks must know the token, which stands in the address, and must have asked
    this very address: what another site makes a browser ask is refused, by the header
    `Origin` or, where a name was made to lead here, by `Host`.

    Args:
        exploration: What is explored.
        token: What the address must hold.
        port: Where it listens.

    Returns:
        A Starlette application.

    Raises:
        ImportError: If Starlette isn't installed.
    """
    _import_extra()
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, PlainTextResponse, Response
    from starlette.routing import Route

    answers = Answers(exploration)
    hosts = {f"{HOST}:{port}", f"localhost:{port}"}

    async def page(request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        text = document(exploration.title, nonce=nonce)
        headers = {"Content-Security-Policy": policy(nonce)}
        return HTMLResponse(text, headers=headers)

    async def ask(request: Request) -> Response:
        try:
            body = b""
            async for part in request.stream():
                body += part
                if len(body) > _LARGEST_QUESTION:
                    return PlainTextResponse("The question is too long.", 413)
            question = _as_json(body)
            answer = await run_in_threadpool(answers.answer, question)
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        return Response(answer, media_type="application/octet-stream")

    class OnlyThisPage:
        """Refuses who doesn't know the token, or comes from elsewhere."""

        def __init__(self, app: Callable) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await self.app(scope, receive, send)
                return
            refusal = self._refusal(Request(scope))
            if refusal is not None:
                await PlainTextResponse(refusal, 403)(scope, receive, send)
                return

            async def send_closed(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] += [
                        (b"x-content-type-options", b"nosniff"),
                        (b"referrer-policy", b"no-referrer"),
                        (b"cache-control", b"no-store"),
                        (b"x-frame-options", b"DENY"),
                        (b"cross-origin-resource-policy", b"same-origin"),
                    ]
                await send(message)

            await self.app(scope, receive, send_closed)

        def _refusal(self, request: Request) -> str | None:
            host = request.headers.get("host", "")
            if host not in hosts:
                return "This server answers under its own address alone."
            origin = request.headers.get("origin")
            if origin is not None and origin != f"http://{host}":
                return "This server answers its own page alone."
            given = request.url.path.split("/")[1]
            if not secrets.compare_digest(given.encode(), token.encode()):
                return "The address lacks the token that was printed."
            return None

    return Starlette(
        routes=[
            Route(f"/{token}/", page),
            Route(f"/{token}/ask", ask, methods=["POST"]),
        ],
        middleware=[Middleware(OnlyThisPage)],
    )


def serve(
    exploration: Exploration,
    port: int = 0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the explorer to this machine until it is interrupted.

    Args:
        exploration: What is explored.
        port: Where to listen, of 127.0.0.1. Defaults to 0: wherever it is free.
        ready: Called with the address once it can be opened. Defaults to `None`.

    Raises:
        ImportError: If Starlette or uvicorn aren't installed.
        OSError: If something else listens there.
    """
    _import_extra()
    import uvicorn

    token = secrets.token_urlsafe(24)
    with socket.create_server((HOST, port)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            application(exploration, token, port), log_level="warning", lifespan="off"
        )
        if ready is not None:
            # Whoever connects from now on waits in the queue of the socket.
            ready(f"http://{HOST}:{port}/{token}/")
        # Once it has closed tidily, uvicorn hands the interruption on.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def check_can_serve() -> None:
    """Refuse to begin where the packages of the server are missing.

    Raises:
        ImportError: If Starlette or uvicorn aren't installed.
    """
    _import_extra()


def _import_extra() -> None:
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The explorer's server needs the packages starlette and uvicorn: "
            "`pip install 'keras_latent[explorer]'`; `--static` needs neither"
        ) from error


def _as_json(body: bytes) -> Any:
    import json

    try:
        return json.loads(body)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ValueError("The question must be JSON, which it isn't") from error
