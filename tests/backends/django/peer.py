"""Django's own makemigrations and migrate, for one history after another.

Each line of the input is a step: the address of a database, the models of every app as files declare them, and which names are
renamed ones. Each line of the output tells what became of it: nothing, or Django's error.
"""

import ast
import importlib
import json
import pathlib
import sys
import traceback
import urllib.parse

sys.dont_write_bytecode = True

ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql"}


def database(url, folder):
    parts = urllib.parse.urlsplit(url)
    engine = "django.db.backends." + ENGINES[parts.scheme]
    name = parts.path.removeprefix("/")
    if parts.scheme == "sqlite":
        return {"ENGINE": engine, "NAME": str(folder / name), "OPTIONS": {"init_command": "PRAGMA synchronous = OFF"}}
    return {"ENGINE": engine, "NAME": name, "USER": parts.username, "HOST": parts.hostname, "PORT": parts.port}


def start(step):
    import django
    from django.conf import settings

    if step["url"].startswith("mysql"):
        import pymysql

        pymysql.install_as_MySQLdb()
    settings.configure(
        INSTALLED_APPS=list(step["models"]),
        DATABASES={"default": database(step["url"], pathlib.Path(step["folder"]))},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


class History:
    """A folder of migrations and a database."""

    def __init__(self, step):
        from django.conf import settings
        from django.db import connection

        self.folder = pathlib.Path(step["folder"])
        name = self.folder.name.replace(".", "_").replace("-", "_")
        for app in step["models"]:
            package = self.folder / "django" / name / app
            package.mkdir(parents=True)
            package.joinpath("__init__.py").touch()
        sys.path.insert(0, str(self.folder / "django"))
        settings.MIGRATION_MODULES = {app: f"{name}.{app}" for app in step["models"]}
        connection.close()
        connection.settings_dict["NAME"] = database(step["url"], self.folder)["NAME"]

    def go(self, step):
        from django.core.management import call_command
        from django.core.management.commands import makemigrations

        define(step["models"])
        makemigrations.InteractiveMigrationQuestioner = questioner(step)
        importlib.invalidate_caches()
        call_command("makemigrations", verbosity=0)
        importlib.invalidate_caches()
        call_command("migrate", verbosity=0)


DEFAULTS = {
    "BooleanField": True,
    "DateField": "2026-01-02",
    "DateTimeField": "2026-01-02T03:04:05Z",
    "UUIDField": "00000000000000000000000000000001",
}


def questioner(step):
    from django.db.migrations.questioner import MigrationQuestioner

    renamed = [tuple(name.lower() for name in names) for names in step["renamed"]]

    class Answers(MigrationQuestioner):
        def __init__(self, **kwargs):
            super().__init__({"ask_initial": True})

        def ask_rename(self, model_name, old_name, new_name, field_instance):
            return (model_name.lower(), old_name.lower(), new_name.lower()) in renamed

        def ask_rename_model(self, old, new):
            return (old.name.lower(), new.name.lower()) in renamed

        def ask_not_null_addition(self, field_name, model_name):
            from django.apps import apps

            found = [model for model in apps.get_models() if model.__name__.lower() == model_name.lower()]
            field = found[0]._meta.get_field(field_name)
            return field.to_python(DEFAULTS.get(field.get_internal_type(), 1))

        ask_not_null_alteration = ask_not_null_addition

    return Answers


def define(models):
    """Registers the models of all apps as if these were their files models.py."""
    from django.apps import apps

    apps._pending_operations.clear()
    for app in models:
        apps.all_models[app].clear()
    apps.clear_cache()
    for app, declared in models.items():
        for name, options in declared.items():
            model(app, name, options)
    apps.clear_cache()


def model(app, name, options):
    from django.db import models

    fields = options.pop("fields")
    columns = {column(one): one["name"] for one in fields}
    meta = {"app_label": app, "indexes": [], "constraints": []}
    for index in options.pop("indexes", []):
        meta["indexes"].append(index_of(index, columns))
    for constraint in options.pop("constraints", []):
        meta["constraints"] += constraint_of(constraint, columns)
    options["db_table"] = options.pop("table", None) or f"{app}_{name.lower()}"
    if "db_comment" in options:
        options["db_table_comment"] = options.pop("db_comment")
    attributes = {one["name"]: field(dict(one), columns) for one in fields}
    meta |= options
    return type(name, (models.Model,), {"__module__": app, "Meta": type("Meta", (), meta)} | attributes)


def column(one):
    suffix = "_id" if one["type"] in ("ForeignKey", "OneToOne") else ""
    return one.get("db_column", one["name"] + suffix)


NAMES = {"Url": "URLField", "Uuid": "UUIDField", "Json": "JSONField", "GenericIpAddress": "GenericIPAddressField"}
NAMES |= {"ForeignKey": "ForeignKey"}


def field(one, columns):
    from django.db import models

    one.pop("name")
    kind = one.pop("type")
    made = getattr(models, NAMES.get(kind, kind + "Field"))
    if kind in ("ForeignKey", "OneToOne"):
        one["on_delete"] = getattr(models, one.get("on_delete", "CASCADE"))
    if kind == "Generated":
        one["expression"] = expression(one["expression"], columns)
        values = {key: one.pop(key) for key in ("max_length", "max_digits", "decimal_places") if key in one}
        one["output_field"] = field({"name": "", "type": one.pop("output")} | values, columns)
        one["db_persist"] = one.pop("stored", True)
        one.pop("null", None)
    default, in_database = one.pop("default", None), one.pop("db_default", None)
    made = made(**one)
    if default is not None:
        made.default = literal(made, default)
    if in_database is not None:
        value = literal(made, in_database, in_database=True)
        made = made.__class__(**one, default=made.default, db_default=value)
    return made


def literal(field, value, in_database=False):
    import uuid

    from django.db.models import functions, expressions
    from django.utils import timezone

    if isinstance(value, dict):
        return expressions.RawSQL(value["sql"], [])
    if value == "now":
        return functions.Now() if in_database else timezone.now
    if value == "uuid7":
        return uuid.uuid4
    return field.to_python(value)


def index_of(index, columns):
    from django.contrib.postgres import indexes as postgresql
    from django.db import models

    parts = index.get("fields", [])
    said = {"name": index["name"]}
    if "condition" in index:
        said["condition"] = condition(index["condition"], columns)
    if "include" in index:
        said["include"] = index["include"]
    if "opclasses" in index:
        said["opclasses"] = index["opclasses"]
    made = models.Index
    if "method" in index:
        made = {"gin": postgresql.GinIndex, "brin": postgresql.BrinIndex, "hash": postgresql.HashIndex}[index["method"]]
    if "expressions" not in index:
        return made(fields=parts, **said)
    ordered = [models.F(part[1:]).desc() if part[0] == "-" else models.F(part) for part in parts]
    return made(*ordered, *[expression(text, columns) for text in index["expressions"]], **said)


def constraint_of(constraint, columns):
    from django.db import models

    name = constraint["name"]
    if "exclude" in constraint:
        # Django's are of other methods.
        return []
    if "check" in constraint:
        return [models.CheckConstraint(condition=condition(constraint["check"], columns), name=name)]
    said = {}
    if "condition" in constraint:
        said["condition"] = condition(constraint["condition"], columns)
    if constraint.get("deferrable"):
        said["deferrable"] = models.Deferrable.DEFERRED
    if "nulls_distinct" in constraint:
        said["nulls_distinct"] = constraint["nulls_distinct"]
    return [models.UniqueConstraint(fields=constraint["unique"], name=name, **said)]


LOOKUPS = {ast.Gt: "gt", ast.GtE: "gte", ast.Lt: "lt", ast.LtE: "lte", ast.Eq: "exact"}


def condition(text, columns):
    """SQL that is read like Python's, as Django's objects."""
    python = text.replace("<>", "!=").replace(" AND ", " and ").replace(" OR ", " or ")
    return said(ast.parse(python, mode="eval").body, columns)


expression = condition


def said(tree, columns):
    from django.db.models import F, Q, Value, functions

    match tree:
        case ast.BoolOp(op=op, values=values):
            parts = [said(value, columns) for value in values]
            whole = parts[0]
            for part in parts[1:]:
                whole = whole & part if isinstance(op, ast.And) else whole | part
            return whole
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]):
            right = right.value if isinstance(right, ast.Constant) else said(right, columns)
            if isinstance(op, ast.NotEq):
                return ~Q(**{columns[name]: right})
            return Q(**{f"{columns[name]}__{LOOKUPS[type(op)]}": right})
        case ast.BinOp(left=left, op=op, right=right):
            left, right = said(left, columns), said(right, columns)
            return left + right if isinstance(op, ast.Add) else left * right
        case ast.Call(func=ast.Name(id=name), args=args):
            return getattr(functions, name.capitalize())(*[said(arg, columns) for arg in args])
        case ast.Name(id=name):
            return F(columns[name])
        case ast.Constant(value=value):
            return Value(value)
    raise ValueError(ast.dump(tree))


def main():
    history = None
    for line in sys.stdin:
        step = json.loads(line)
        told = ""
        try:
            if history is None:
                for app in step["models"]:
                    package = pathlib.Path(step["folder"]) / "apps" / app
                    package.mkdir(parents=True)
                    package.joinpath("__init__.py").touch()
                sys.path.insert(0, str(pathlib.Path(step["folder"]) / "apps"))
                start(step)
            if history is None or str(history.folder) != step["folder"]:
                history = History(step)
            history.go(step)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            traceback.print_exc()
        print(json.dumps(told), flush=True)


main()
