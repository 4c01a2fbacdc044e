"""A look at the built site on this machine, before it goes anywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from generator.errors import RefusedError


def serve_folder(folder: Path, port: int, ready: Callable[[], None]) -> None:
    """Serve a folder on 127.0.0.1 until interrupted; ``ready`` is called once it can be opened."""
    if not (folder / "index.html").exists():
        raise RefusedError("还没有生成网站。请先运行 xinyi build")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise RefusedError(f"端口{port}打不开（{error.strerror}）。请用 --port 换一个") from error
    with server:
        ready()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
