#!/usr/bin/env python3
"""200 small migrations on PostgreSQL, each a transaction of its own, beside psql with the same statements."""

from measure import Project, Server, compare

RECORD = (
    "INSERT INTO bench_history (version, app, name, applied_on, checksum) "
    "VALUES ({n}, 'small', '{n:04}_t', '2026-01-01T00:00:00Z', '{n:064}')"
)


def statements(number):
    return [f"CREATE TABLE t{number} (id integer PRIMARY KEY, label varchar(40))", f"INSERT INTO t{number} VALUES (1, 'a')"]


if __name__ == "__main__":
    server = Server("postgresql")
    with Project(["small"], server.url) as project:
        script = ["CREATE TABLE bench_history (version bigint PRIMARY KEY, app text, name text, applied_on text, checksum text)"]
        for number in range(1, 201):
            own = statements(number)
            project.write(f"migrations/small/{number:04}_t.sql", "".join(f"{sql};\n" for sql in own))
            script += ["BEGIN", *own, RECORD.format(n=number), "COMMIT"]
        project.write("all.sql", "".join(f"{sql};\n" for sql in script))
        client = server.client(project.folder / "all.sql")
        runs = {"psql": (server.empty, client), "migrate": (server.empty, project.manage("migrate"))}
        compare("200 small migrations, PostgreSQL", runs)
