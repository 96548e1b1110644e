#!/usr/bin/env python3
"""`serve` with two workers: from its start to the first answer, from HUP to a new worker, and the memory of a worker."""

import json
import os
import signal
import socket
import statistics
import subprocess
import time

from measure import MANAGE, RUNS, Project

SETTINGS = '[databases.default]\nurl = "sqlite:///db.sqlite3"\n'


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def is_answered(port):
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as stream:
            stream.sendall(request)
            return stream.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def until(happened):
    """Milliseconds until that happened."""
    started = time.perf_counter()
    while not happened():
        time.sleep(0.0005)
    return (time.perf_counter() - started) * 1000


def serve(project, port):
    environment = os.environ | {"MANAGE__DEBUG": "false"}
    args = [MANAGE, "--project", project.folder, "serve", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    return subprocess.Popen(args, env=environment, stderr=subprocess.DEVNULL)


def status(project):
    answer = project.manage("status", "--format", "json").answer()
    return json.loads(answer)[0]


def end(server):
    server.terminate()
    server.wait()


if __name__ == "__main__":
    with Project([]) as project:
        project.write("settings/base.toml", SETTINGS)
        project.manage("migrate", "-v0").run()
        starts, reloads = [], []
        for _ in range(RUNS):
            port = free_port()
            server = serve(project, port)
            starts.append(until(lambda: is_answered(port)))
            end(server)
        server = serve(project, port)
        until(lambda: is_answered(port))
        for _ in range(RUNS):
            before = status(project)["generation"]
            server.send_signal(signal.SIGHUP)
            reloads.append(until(lambda: status(project)["generation"] > before))
        time.sleep(2)
        memory = max(worker["memory"] for worker in status(project)["workers"])
        end(server)
    print(f"start to first answer  {statistics.median(starts):6.1f} ms")
    print(f"HUP to a new worker    {statistics.median(reloads):6.1f} ms, with the question")
    print(f"memory of a worker     {memory / 1e6:6.1f} MB")
