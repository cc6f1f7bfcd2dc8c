"""A Hugging Face Hub on 127.0.0.1: enough of its protocol for hf_hub_download, with a log.

Use the ``fake_hub`` fixture: it points HF_ENDPOINT and all caches at a test's own folders.
"""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest


@dataclass
class FakeHub:
    """Repositories in memory; each ``add`` is a commit on ``main``."""

    commits: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    branches: dict[str, dict[str, str]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    urls: dict[str, bytes] = field(default_factory=dict)  # plain files, outside repositories
    log: list[tuple[str, str]] = field(default_factory=list)
    endpoint: str = ""
    server: ThreadingHTTPServer | None = None

    def add(self, repo: str, files: dict[str, bytes], branch: str = "main") -> str:
        """Commit files to a repository and return the commit's hash."""
        branches = self.branches.setdefault(repo, {})
        commits = self.commits.setdefault(repo, {})
        tree = {**commits.get(branches.get(branch, ""), {}), **files}
        text = repr((repo, branch, len(commits), sorted(tree))).encode()
        commit = hashlib.sha1(text).hexdigest()
        commits[commit] = tree
        branches[branch] = commit
        return commit

    def count(self, method: str | None = None, ending: str = "") -> int:
        """How many requests for files were made so far."""
        return sum(
            method in (None, asked) and path.endswith(ending)
            for asked, path in self.log
            if "/resolve/" in path or path in self.urls
        )

    def start(self) -> None:
        """Serve on a free port."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Go away: from now on connections are refused."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content for a path."""
        if path in self.urls:
            return 200, {}, self.urls[path]
        repo, found, rest = path.lstrip("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        if not found or repo not in self.commits:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        if repo in self.gated:
            return 403, {"X-Error-Code": "GatedRepo"}, b""
        commit = self.branches[repo].get(unquote(revision), revision)
        if commit not in self.commits[repo]:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        content = self.commits[repo][commit].get(unquote(file))
        headers = {"X-Repo-Commit": commit}
        if content is None:
            return 404, {**headers, "X-Error-Code": "EntryNotFound"}, b""
        digest = hashlib.sha256(content).hexdigest()
        return 200, {**headers, "ETag": f'"{digest}"', "X-Linked-ETag": f'"{digest}"'}, content


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.respond(False)

        def do_GET(self) -> None:
            self.respond(True)

        def respond(self, with_body: bool) -> None:
            path = self.path.split("?")[0]
            hub.log.append((self.command, path))
            status, headers, content = hub.answer(path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            if "X-Linked-ETag" in headers:
                self.send_header("X-Linked-Size", str(len(content)))
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def fake_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """A running, empty Hub that the library talks to during the test."""
    hub = FakeHub()
    hub.start()
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "zoo-cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    try:
        yield hub
    finally:
        hub.stop()
