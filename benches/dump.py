#!/usr/bin/env python3
"""A dump of 60,000 INSERTs as one migration, beside each vendor's own client."""

from measure import Project, Server, compare

ROWS = 60_000


def write(project):
    """Line by line: what this process holds counts for its children."""
    path = project.folder / "migrations/barn/0001_dump.sql"
    path.parent.mkdir(parents=True)
    with path.open("w") as file:
        file.write("BEGIN;\nCREATE TABLE crate (id integer PRIMARY KEY, label varchar(80), weight integer);\n")
        for n in range(ROWS):
            file.write(f"INSERT INTO crate VALUES ({n},'apples and pears; number {n}, it''s {n % 97}',{n % 1000});\n")
        file.write("COMMIT;\n")
    return path


def measure(title, project, client, empty):
    file = write(project)
    compare(title, {"client": (empty, client(file)), "migrate": (empty, project.manage("migrate"))})


if __name__ == "__main__":
    with Project(["barn"]) as project:
        measure("60,000 INSERTs, SQLite", project, project.sqlite3, project.remove_sqlite)
    for kind in ["postgresql", "mariadb"]:
        server = Server(kind)
        with Project(["barn"], server.url) as project:
            measure(f"60,000 INSERTs, {kind}", project, server.client, server.empty)
