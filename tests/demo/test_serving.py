"""Whoever starts the server with --demo has a full page in front of them, by the link that it prints."""

from __future__ import annotations

import re
from pathlib import Path

from tests.clients import http
from tests.server import ServerProcess


def test_the_link_that_serve_prints_opens_the_record(tmp_path: Path) -> None:
    with ServerProcess(f"sqlite:///{tmp_path / 'store.db'}", tmp_path, "--demo") as server:
        link = re.search(r"^http://\S+/sign-in/\S+$", server.output.read_text(), re.MULTILINE)
        assert link is not None
        assert link[0].startswith(server.address)
        shown = http.get(link[0])
        token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
        assert token is not None
        cookies = {"cookie": _cookies(shown.headers.get_list("set-cookie"))}
        entered = http.post(link[0], data={"form_token": token[1]}, headers=cookies)
        assert (entered.status_code, entered.headers["location"]) == (303, "/health-history")
        cookies = {"cookie": _cookies(entered.headers.get_list("set-cookie"))}
        page = http.get(server.address + entered.headers["location"], headers=cookies)
        assert page.status_code == 200
        assert "Marta Elena Álvarez Koch" in page.text


def _cookies(headers: list[str]) -> str:
    return "; ".join(each.partition(";")[0] for each in headers)
