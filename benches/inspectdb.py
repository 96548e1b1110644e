#!/usr/bin/env python3
"""300 tables with 560 keys: `inspectdb` of all of them, and `checkdrift` where nothing differs."""

import tempfile
from pathlib import Path

from makemigrations import models
from measure import Project, Server, compare
from models import APPS, KEYS, MODELS


def measure(kind, url):
    with Project(APPS, url) as project, Project(["seen"], url) as other:
        for label in APPS:
            project.write(f"models/{label}.toml", models(label))
        other.write("models/seen.toml", "")
        project.manage("makemigrations").run()
        project.manage("migrate").run()
        nothing = lambda: None
        compare(
            f"{kind}: {MODELS} tables, {KEYS} keys",
            {"inspectdb": (nothing, other.manage("inspectdb")), "checkdrift": (nothing, project.manage("checkdrift"))},
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        measure("sqlite", f"sqlite:///{Path(folder) / 'db.sqlite3'}")
    for kind in ("postgresql", "mariadb"):
        server = Server(kind)
        server.empty()
        measure(kind, server.url)
