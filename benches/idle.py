#!/usr/bin/env python3
"""`migrate` with nothing to do, and the start of the program."""

from measure import Command, MANAGE, Project, Server, compare


def nothing():
    """Nothing has to be prepared."""


if __name__ == "__main__":
    server = Server("postgresql")
    server.empty()
    with Project(["barn"]) as file, Project(["barn"], server.url) as served:
        for project in [file, served]:
            for number in range(1, 101):
                project.write(f"migrations/barn/{number:04}_t.sql", f"CREATE TABLE t{number} (id integer);\n")
            project.manage("migrate").run()
        commands = {
            "manage --help": Command([MANAGE, "--help"]),
            "migrate, SQLite": file.manage("migrate"),
            "migrate, PostgreSQL": served.manage("migrate"),
        }
        compare("nothing to do, 100 migrations", {name: (nothing, command) for name, command in commands.items()})
