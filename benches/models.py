#!/usr/bin/env python3
"""300 models, 560 keys, 1,000 operations: replay of the state, and a fresh `migrate` beside the vendor's client."""

import itertools
import json
import subprocess

from measure import Project, Server, compare

MODELS = 300
KEYS = 560
OPERATIONS = 1000
PER_APP = 30
PER_FILE = 20
APPS = [f"app{number}" for number in range(MODELS // PER_APP)]


def app(model):
    return APPS[model // PER_APP]


def key(name, to):
    return f'{{ name = "{name}", type = "ForeignKey", to = "{app(to)}.M{to}", null = true, on_delete = "CASCADE" }}'


def operation(op, model, facts):
    return model, f'[[operation]]\nop = "{op}"\nmodel = "M{model}"\n{facts}\n'


def spread(number):
    """Models for so many operations, in order."""
    return [index * MODELS // number for index in range(number)]


def create(model):
    fields = [
        '{ name = "title", type = "Char", max_length = 80 }',
        '{ name = "count", type = "Integer", default = 0 }',
        '{ name = "seen_at", type = "DateTime", null = true }',
    ]
    parent = [key("parent", model - 1)] if model else []
    return operation("CreateModel", model, f"fields = [{', '.join(fields + parent)}]")


def change(index, model):
    kinds = [
        ("AddField", f'field = {{ name = "extra{index}", type = "Text", default = "" }}'),
        ("AddIndex", f'index = {{ name = "ix{index}", fields = ["count", "title"] }}'),
        ("RenameField", 'from = "seen_at"\nto = "last_seen"'),
    ]
    return operation(kinds[index % 3][0], model, kinds[index % 3][1])


def operations():
    """Models with a key to the one before, then more keys, then changes of other kinds."""
    yield from map(create, range(MODELS))
    more = KEYS - (MODELS - 1)
    for model in spread(more):
        yield operation("AddField", model, f"field = {key('other', model * 7 % MODELS)}")
    for index, model in enumerate(spread(OPERATIONS - MODELS - more)):
        yield change(index, model)


def write(project):
    """Files of at most 20 operations, each behind the one before it and the last of its app."""
    last, own = None, {}
    for label, group in itertools.groupby(operations(), lambda pair: app(pair[0])):
        texts = [text for _, text in group]
        for start in range(0, len(texts), PER_FILE):
            name = f"{len(own.setdefault(label, [])) + 1:04}_step"
            depends = [key for key in [last, *own[label][-1:]] if key]
            head = f"depends = {json.dumps(depends)}\n\n"
            project.write(f"migrations/{label}/{name}.toml", head + "\n".join(texts[start : start + PER_FILE]))
            last = f"{label}.{name}"
            own[label].append(last)


def fresh(title, project, client, empty):
    """`client` makes a command of a file of SQL."""
    statements = ["BEGIN", *(sql for migration in project.sql() for sql in migration), "COMMIT"]
    project.write("all.sql", "".join(f"{sql};\n" for sql in statements))
    compare(title, {"client": (empty, client(project.folder / "all.sql")), "migrate": (empty, project.manage("migrate"))})


if __name__ == "__main__":
    with Project(APPS) as project:
        write(project)
        replay = ["cargo", "bench", "-q", "-p", "manage-db", "--bench", "replay", "--", project.folder, *APPS]
        subprocess.run(replay, check=True)
        fresh("fresh, SQLite", project, project.sqlite3, project.remove_sqlite)
    for kind in ["postgresql", "mariadb"]:
        server = Server(kind)
        with Project(APPS, server.url) as project:
            write(project)
            fresh(f"fresh, {kind}", project, server.client, server.empty)
