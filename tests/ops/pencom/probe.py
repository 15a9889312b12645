"""Runs inside a network namespace: listens on ports, or tries to connect to all ports of others.

Imports nothing of the project, so that it runs on its own. Arguments: `listen PORTS` or
`connect PORTS ADDRESSES`, each as JSON.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys


def listen(ports: list[int]) -> None:
    """Accept on every port until standard input ends."""
    selector = selectors.DefaultSelector()
    for port in ports:
        selector.register(socket.create_server(("0.0.0.0", port)), selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("listening", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.accept()[0].close()


def connect(ports: list[int], addresses: list[str]) -> None:
    """Print [address, port] of every connection that succeeds."""
    reached = []
    for address in addresses:
        for port in ports:
            try:
                socket.create_connection((address, port), timeout=20).close()
            except ConnectionRefusedError:
                continue
            reached.append([address, port])
    print(json.dumps(reached))


if __name__ == "__main__":
    if sys.argv[1] == "listen":
        listen(json.loads(sys.argv[2]))
    else:
        connect(json.loads(sys.argv[2]), json.loads(sys.argv[3]))
