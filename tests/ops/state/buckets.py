"""Spaces served by moto, for a state in a bucket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ops.account import client

KEY = {"AWS_ACCESS_KEY_ID": "state", "AWS_SECRET_ACCESS_KEY": "x"}
SALT = "v1:GTngVQV2ocQ=:v1:r3ujE1LEXyCOANL9:rykF6i4X8Q/EyXJrmE6LILPnIvW8XQ=="  # of the engine
WORD = "x"  # what opens it


@dataclass(frozen=True)
class Spaces:
    """Spaces of one test."""

    port: int

    @property
    def environ(self) -> dict[str, str]:
        """An environment for it, with no stand-in on PATH."""
        return {
            "PATH": "",
            **KEY,
            "SPACES_ACCESS_KEY_ID": "full",
            "SPACES_SECRET_ACCESS_KEY": "x",
            "SPACES_ENDPOINT_URL": f"http://127.0.0.1:{self.port}#{{{{.Region}}}}",
            "DIGITALOCEAN_HTTP_RETRY_MAX": "0",
        }

    def url(self, bucket: str) -> str:
        """The URL of a bucket for the engine."""
        return (
            f"s3://{bucket}?endpoint=127.0.0.1:{self.port}&region=us-east-1"
            "&s3ForcePathStyle=true&disableSSL=true"
        )

    def client(self, owner: str | None = None) -> Any:
        """A client of our account, or of the account with that number."""
        made = client.spaces(self.environ, "fra1")
        if owner:
            made.meta.events.register(
                "before-sign.s3.*",
                lambda request, **_: request.headers.add_header("x-moto-account-id", owner),
            )
        return made


@contextmanager
def played() -> Iterator[Spaces]:
    """Serve empty Spaces; a process has only one."""
    from moto.server import ThreadedMotoServer  # slow to import, and each worker reads this file

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        spaces = Spaces(server.get_host_and_port()[1])
        clear(spaces)
        yield spaces
    finally:
        server.stop()


def clear(spaces: Spaces) -> None:
    """Empty Spaces again."""
    import httpx

    httpx.post(f"http://127.0.0.1:{spaces.port}/moto-api/reset").raise_for_status()
