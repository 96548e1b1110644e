#!/usr/bin/env python3
"""300 models, 560 keys, 1,000 operations: replay of the state, and a fresh `migrate` beside the vendor's client.

`first` are the first migrations of a project of that size: one file an app with models, keys, unique constraints and
indexes, and a second one with the keys to apps behind it. `changed` are models that get keys, fields with a default,
indexes and other names for fields in 70 files.
"""

import itertools
import json
import subprocess

from measure import Project, Server, compare

MODELS = 300
KEYS = 560
OPERATIONS = 1000
PER_APP = 30
APPS = [f"app{number}" for number in range(MODELS // PER_APP)]


def app(model):
    return APPS[model // PER_APP]


def key(name, to):
    return f'{{ name = "{name}", type = "ForeignKey", to = "{app(to)}.M{to}", null = true, on_delete = "CASCADE" }}'


def operation(op, model, facts, to=0):
    """The model, its last that it points to, and the text."""
    return model, to, f'[[operation]]\nop = "{op}"\nmodel = "M{model}"\n{facts}\n'


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


def unique(index):
    return "AddConstraint", f'constraint = {{ name = "uq{index}", unique = ["count", "title"] }}'


def indexed(index):
    return "AddIndex", f'index = {{ name = "ix{index}", fields = ["title", "count"] }}'


def extended(index):
    return "AddField", f'field = {{ name = "extra{index}", type = "Text", default = "" }}'


def renamed(_):
    return "RenameField", 'from = "seen_at"\nto = "last_seen"'


def by_app(operations):
    """All of an app at once, and behind all apps what points to a later one."""
    points_ahead = lambda one: app(one[1]) > app(one[0])
    return sorted(operations, key=lambda one: (points_ahead(one), app(one[0])))


# Kinds of changes, how operations are ordered, and how many a file holds.
HISTORIES = {
    "first": ([unique, indexed], by_app, OPERATIONS),
    "changed": ([extended, indexed, renamed], list, 20),
}


def operations(kinds):
    """Models with a key to the one before, then more keys, then changes of other kinds."""
    yield from map(create, range(MODELS))
    more = KEYS - (MODELS - 1)
    for model in spread(more):
        to = model * 7 % MODELS
        yield operation("AddField", model, f"field = {key('other', to)}", to)
    for index, model in enumerate(spread(OPERATIONS - MODELS - more)):
        op, facts = kinds[index % len(kinds)](index)
        yield operation(op, model, facts)


def write(project, kinds, order, per_file):
    """Each file is behind the one before it and the last of its app."""
    last, own = None, {}
    for label, group in itertools.groupby(order(operations(kinds)), lambda one: app(one[0])):
        texts = [text for _, _, text in group]
        for start in range(0, len(texts), per_file):
            name = f"{len(own.setdefault(label, [])) + 1:04}_step"
            depends = [key for key in [last, *own[label][-1:]] if key]
            head = f"depends = {json.dumps(depends)}\n\n"
            project.write(f"migrations/{label}/{name}.toml", head + "\n".join(texts[start : start + per_file]))
            last = f"{label}.{name}"
            own[label].append(last)


def fresh(title, project, client, empty):
    """`client` makes a command of a file of SQL."""
    empty()
    statements = ["BEGIN", *(sql for migration in project.sql() for sql in migration), "COMMIT"]
    project.write("all.sql", "".join(f"{sql};\n" for sql in statements))
    compare(title, {"client": (empty, client(project.folder / "all.sql")), "migrate": (empty, project.manage("migrate"))})


def measure(name, history):
    with Project(APPS) as project:
        write(project, *history)
        replay = ["cargo", "bench", "-q", "-p", "manage-db", "--bench", "replay", "--", project.folder, *APPS]
        subprocess.run(replay, check=True)
        fresh(f"{name}, SQLite", project, project.sqlite3, project.remove_sqlite)
    for kind in ["postgresql", "mariadb"]:
        server = Server(kind)
        with Project(APPS, server.url) as project:
            write(project, *history)
            fresh(f"{name}, {kind}", project, server.client, server.empty)


if __name__ == "__main__":
    for name, history in HISTORIES.items():
        measure(name, history)
