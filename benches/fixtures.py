#!/usr/bin/env python3
"""A million rows out and in, beside the vendors' own dump and restore: seconds, most memory, and the ratio.

Each pair writes and reads the same rows of one table with two keys. ROWS, RUNS and KINDS change what is measured.
"""

import os
import shlex
import statistics

from measure import Command, Project, Server

ROWS = int(os.environ.get("ROWS", "1000000"))
RUNS = int(os.environ.get("RUNS", "3"))
KINDS = os.environ.get("KINDS", "sqlite postgresql mariadb").split()
MODELS = """
[Author]
fields = [{ name = "name", type = "Char", max_length = 40 }]
[Reading]
fields = [
  { name = "author", type = "ForeignKey", to = "shop.Author" },
  { name = "title", type = "Char", max_length = 120 },
  { name = "score", type = "Integer" },
  { name = "ratio", type = "Float" },
  { name = "at", type = "DateTime" },
]
"""


def fixture(path):
    with open(path, "w") as out:
        for number in range(1, 1001):
            out.write('{"model": "shop.author","pk": %d,"fields": {"name": "author %d"}}\n' % (number, number))
        for number in range(1, ROWS + 1):
            out.write(
                '{"model": "shop.reading","pk": %d,"fields": {"author": %d,"title": "the reading of number %d",'
                '"score": %d,"ratio": %d.25,"at": "2026-03-04T15:%02d:%02d.123456Z"}}\n'
                % (number, number % 1000 + 1, number, number * 7 % 1000, number % 97, number // 60 % 60, number % 60)
            )


def shell(line):
    return Command(["bash", "-c", f"set -o pipefail; {line}"])


def vendor(kind, project, server):
    """Lines that dump and restore the rows alone, into tables that are there."""
    if kind == "sqlite":
        file = shlex.quote(str(project.folder / "db.sqlite3"))
        tables = "shop_author shop_reading"
        dump = f"sqlite3 {file} '.dump --data-only {tables}' > {project.folder}/vendor.sql"
        # The rows alone come without a transaction around them.
        whole = f"(echo 'BEGIN;'; cat {project.folder}/vendor.sql; echo 'COMMIT;')"
        return dump, f"{whole} | sqlite3 -bail {file}"
    at = server.at
    if kind == "postgresql":
        to = f"-h {at.hostname} -p {at.port} -U {at.username} manage_bench"
        dump = f"pg_dump --data-only -t shop_author -t shop_reading {to} > {project.folder}/vendor.sql"
        return dump, f"psql -X -q -1 -v ON_ERROR_STOP=1 {to} < {project.folder}/vendor.sql"
    to = f"--no-defaults -h {at.hostname} -P {at.port} -u {at.username}"
    dump = f"mariadb-dump {to} --no-create-info manage_bench shop_author shop_reading > {project.folder}/vendor.sql"
    return dump, f"mariadb {to} manage_bench < {project.folder}/vendor.sql"


def measure(title, pairs):
    seen = {name: [] for name, _, _ in pairs}
    for _ in range(RUNS):
        for name, prepare, command in pairs:
            prepare()
            seen[name].append(command.run())
    first = None
    print(title)
    for name, runs in seen.items():
        seconds, memory = (statistics.median(run[at] for run in runs) for at in (0, 1))
        first = first or seconds
        print(f"  {name:<28} {seconds:7.2f} s  {memory:6.1f} MB  {seconds / first:5.2f}", flush=True)


for kind in KINDS:
    server = None if kind == "sqlite" else Server(kind)
    if server:
        server.empty()
    with Project(["shop"], server.url if server else "sqlite:///db.sqlite3") as project:
        project.write("models/shop.toml", MODELS)
        project.manage("makemigrations", "-v0").run()
        project.manage("migrate", "-v0").run()
        file = project.folder / "rows.jsonl"
        fixture(file)
        flush = project.manage("flush", "--yes")
        project.manage("loaddata", file).run()
        dump, restore = vendor(kind, project, server)
        out, packed = project.folder / "out.json", project.folder / "packed.json.zst"
        nothing = lambda: None
        pairs = [
            ("the vendor's dump", nothing, shell(dump)),
            ("dumpdata -o out.json", nothing, project.manage("dumpdata", "-o", out)),
            ("dumpdata -o packed.json.zst", nothing, project.manage("dumpdata", "-o", packed)),
        ]
        measure(f"{kind}: {ROWS} rows out", pairs)
        empty = lambda: flush.run()
        pairs = [
            ("the vendor's restore", empty, shell(restore)),
            ("loaddata out.json", empty, project.manage("loaddata", out)),
            ("loaddata packed.json.zst", empty, project.manage("loaddata", packed)),
        ]
        measure(f"{kind}: {ROWS} rows in", pairs)
