"""Runs `python -m ops` and others in processes that start with the SDKs imported.

Their import takes a second of each command. One process per test run has imported them, and none of
the project's own modules; it forks for each command, whose process has its own folder, environment,
arguments, output and exit code.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from example_estate import FOLDER

SDKS = (
    *("boto3", "dns.message", "dns.query", "pulumi", "pulumi.runtime.mocks", "pulumi_digitalocean"),
    *("pydantic", "pydo", "rich.console", "rich.table", "rich.tree", "typer", "typer.main", "yaml"),
)
COMPONENTS = ("components.krogiving", "components.krotrust", "components.pencom")


def run(
    module: str, *arguments: str, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m <module>` in a folder, with nothing on its input. Any exit code is returned.

    Code below zero: the signal that ended it, as `subprocess` counts.
    """
    request = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": dict(env)}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        connection = _server()
        text = json.dumps(request).encode()
        socket.send_fds(connection, [len(text).to_bytes(8)], [out.fileno(), err.fileno()])
        connection.sendall(text)
        code = int.from_bytes(_received(connection, 4), signed=True)
        for file in (out, err):
            file.seek(0)
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


@lru_cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair()
    # It starts outside the project, so that none of its modules is imported beforehand.
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _received(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError("the process that runs commands has ended")
        data += part
    return data


def _serve(connection: socket.socket) -> None:
    sys.path.insert(0, str(FOLDER))
    for name in (*SDKS, *COMPONENTS):
        importlib.import_module(name)
    sys.path.remove(str(FOLDER))
    gc.freeze()  # no process walks through them
    while True:
        head, files, _, _ = socket.recv_fds(connection, 8, 2)
        if not head:
            return
        request = json.loads(_received(connection, int.from_bytes(head)))
        child = os.fork()
        if not child:
            connection.close()
            _become(files, **request)
        for file in files:
            os.close(file)
        _, status = os.waitpid(child, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))


def _become(
    files: Sequence[int], module: str, arguments: Sequence[str], cwd: str, env: dict[str, Any]
) -> NoReturn:
    """Be the process that `python -m <module>` would have been. It ends here."""
    for number, file in enumerate(files, 1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *arguments]
    sys.path[0] = cwd  # in the place of this file's folder
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            sys.stderr.write(f"{error.code}\n")
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
