"""The preview: this machine alone can look."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from generator.errors import RefusedError
from generator.publish import preview


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("示例", encoding="utf-8")
    (tmp_path / "office.csv").write_text("张小三", encoding="utf-8")
    return tmp_path / "site"


@pytest.fixture
def served(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """Serve as ``xinyi serve`` does, in a thread, on a port that is free."""
    servers: list[ThreadingHTTPServer] = []
    started = threading.Event()

    class Known(ThreadingHTTPServer):
        def serve_forever(self, poll_interval: float = 0.01) -> None:
            servers.append(self)
            started.set()
            super().serve_forever(poll_interval)

    monkeypatch.setattr(preview, "ThreadingHTTPServer", Known)
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    thread = threading.Thread(target=preview.serve_folder, args=(site, free_port(), lambda: None))
    thread.start()
    assert started.wait(5)
    yield servers[0]
    servers[0].shutdown()
    thread.join(5)
    assert not thread.is_alive()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def test_the_page_is_there(served: ThreadingHTTPServer) -> None:
    with urlopen(f"http://127.0.0.1:{served.server_port}/") as answer:
        assert answer.read().decode() == "示例"


def test_nobody_else_can_look(served: ThreadingHTTPServer) -> None:
    assert served.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", served.server_port), timeout=2)


@pytest.mark.parametrize("path", ["../office.csv", "%2e%2e/office.csv", "..%2foffice.csv"])
def test_nothing_outside_the_folder(served: ThreadingHTTPServer, path: str) -> None:
    with pytest.raises(HTTPError, match="404") as refused:
        urlopen(f"http://127.0.0.1:{served.server_port}/{path}")
    refused.value.close()


def test_a_port_in_use_is_said(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RefusedError, match=f"端口{port}.*--port"):
            preview.serve_folder(site, port, lambda: None)


def test_before_the_first_build(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="xinyi build"):
        preview.serve_folder(tmp_path, free_port(), lambda: None)
