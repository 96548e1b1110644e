#!/usr/bin/env python3
"""300 models with 560 keys: `makemigrations` for all of them, with nothing to do, and with one change; a squash of 1,000 operations."""

from pathlib import Path

from measure import Project, compare
from models import APPS, KEYS, MODELS, PER_APP, app, key, spread


def models(label):
    """The text of an app's models."""
    more = {}
    for model in spread(KEYS - (MODELS - 1)):
        more.setdefault(model, key("other", model * 7 % MODELS))
    text = ""
    for model in range(MODELS):
        if app(model) == label:
            fields = [
                '{ name = "title", type = "Char", max_length = 80 }',
                '{ name = "count", type = "Integer", default = 0 }',
                '{ name = "seen_at", type = "DateTime", null = true }',
                *([key("parent", model - 1)] if model else []),
                *([more[model]] if model in more else []),
            ]
            lines = "".join(f"  {field},\n" for field in fields)
            text += f'[M{model}]\nfields = [\n{lines}]\nindexes = [{{ fields = ["title", "count"] }}]\n\n'
    return text


def forget(project):
    """The migrations, all of them."""
    for file in Path(project.folder).glob("migrations/*/*"):
        file.unlink()


if __name__ == "__main__":
    with Project(APPS) as project:
        for label in APPS:
            project.write(f"models/{label}.toml", models(label))
        make = project.manage("makemigrations")
        check = project.manage("makemigrations", "--check")
        forth = {"the first migrations": (lambda: forget(project), make)}
        compare(f"{MODELS} models in {MODELS // PER_APP} apps", forth)
        changed = models(APPS[3]).replace("max_length = 80", "max_length = 90", 1)
        original = lambda: project.write(f"models/{APPS[3]}.toml", models(APPS[3]))
        other = lambda: project.write(f"models/{APPS[3]}.toml", changed)
        compare("nothing to do", {"makemigrations --check": (original, check)})
        dry = project.manage("makemigrations", "--dry-run")
        compare("one change", {"makemigrations --dry-run": (other, dry)})

    with Project(["shop"]) as project:
        fields = "".join(f'  {{ name = "f{field}", type = "Integer", null = true }},\n' for field in range(10))
        model = lambda number: f'[[operation]]\nop = "CreateModel"\nmodel = "M{number}"\nfields = [\n{fields}]\n\n'
        project.write("migrations/shop/0001_initial.toml", "".join(model(number) for number in range(100)))
        for step in range(9):
            altered = lambda number: (
                f'[[operation]]\nop = "AlterField"\nmodel = "M{number}"\n'
                f'field = {{ name = "f{step}", type = "BigInteger", null = true }}\n\n'
            )
            before = f'depends = ["shop.{step + 1:04}_{"initial" if step == 0 else "x"}"]\n\n'
            text = before + "".join(altered(number) for number in range(100))
            project.write(f"migrations/shop/{step + 2:04}_x.toml", text)
        squash = project.manage("squashmigrations", "shop", "--dry-run", "--no-proof")
        compare("1,000 operations", {"squashmigrations --dry-run": (lambda: None, squash)})
