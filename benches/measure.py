"""What the measurements share: projects, databases, and medians of whole processes."""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

MANAGE = Path(os.environ.get("MANAGE", "target/release/manage")).resolve()
RUNS = int(os.environ.get("RUNS", "5"))


class Project:
    """A folder of its own, with one database."""

    def __init__(self, apps, url="sqlite:///db.sqlite3"):
        self.folder = Path(tempfile.mkdtemp(prefix="manage-bench-"))
        self.url = url
        self.write("settings/base.toml", f'apps = {json.dumps(apps)}\n[databases.default]\nurl = "{url}"\n')

    def write(self, file, text):
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def manage(self, *args):
        return Command([MANAGE, "--project", self.folder, *args])

    def sql(self):
        """The statements of all migrations, as `migrate` would send them."""
        plan = json.loads(self.manage("migrate", "--plan", "--format", "json").answer())
        migrations = plan["databases"][0]["migrations"]
        return [[sql for part in one["operations"] for sql in part["sql"]] for one in migrations]

    def sqlite3(self, file):
        """The vendor's own client, with the settings that every connection of `manage` has."""
        settings = self.folder / "settings.sqlite3"
        settings.write_text("PRAGMA journal_mode=WAL;\nPRAGMA synchronous=NORMAL;\n")
        return Command(["sqlite3", "-bail", "-init", settings, self.folder / "db.sqlite3"], file)

    def remove_sqlite(self):
        for file in self.folder.glob("db.sqlite3*"):
            file.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


class Command:
    """A process to be measured."""

    def __init__(self, args, stdin=None):
        self.args = [str(arg) for arg in args]
        self.stdin = stdin

    def run(self):
        """Seconds and the most memory in MB; its output goes to a file, so that nobody reads it meanwhile."""
        stdin = open(self.stdin or os.devnull, "rb")
        with stdin, tempfile.TemporaryFile() as output:
            started = time.perf_counter()
            child = subprocess.Popen(self.args, stdin=stdin, stdout=output, stderr=output)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - started
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                output.seek(0)
                raise SystemExit(f"{self.args} failed:\n{output.read().decode()[-2000:]}")
        return seconds, usage.ru_maxrss / 1024

    def answer(self):
        return subprocess.run(self.args, check=True, capture_output=True, text=True).stdout


class Server:
    """PostgreSQL or MariaDB as scripts/databases started it, with a database for the measurement."""

    def __init__(self, kind):
        variable = {"postgresql": "MANAGE_TEST_POSTGRESQL_URL", "mariadb": "MANAGE_TEST_MYSQL_URL"}[kind]
        if variable not in os.environ:
            raise SystemExit(f"{variable} is not set: start the servers with scripts/databases")
        base = os.environ[variable]
        self.kind = kind
        self.at = urlsplit(base)
        self.url = base.rsplit("/", 1)[0] + "/manage_bench"

    def client(self, stdin, database="manage_bench"):
        """The vendor's own client, stopping at the first error."""
        host, port, user = self.at.hostname, self.at.port, self.at.username
        if self.kind == "postgresql":
            args = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port, "-U", user, database]
        else:
            args = ["mariadb", "--no-defaults", "-h", host, "-P", port, "-u", user, database]
        return Command(args, stdin)

    def empty(self):
        """The database, new."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as sql:
            sql.write("DROP DATABASE IF EXISTS manage_bench;\nCREATE DATABASE manage_bench;\n")
            sql.flush()
            self.client(sql.name, self.at.path.lstrip("/")).run()


def compare(title, candidates):
    """Medians of the candidates, which take turns: pairs of what is done before each run, and a command."""
    seen = {name: [] for name in candidates}
    for _ in range(RUNS):
        for name, (prepare, command) in candidates.items():
            prepare()
            seen[name].append(command.run())
    print(title)
    first = None
    for name, runs in seen.items():
        seconds = statistics.median(run[0] for run in runs)
        memory = statistics.median(run[1] for run in runs)
        first = first or seconds
        print(f"  {name:<28} {seconds * 1000:9.1f} ms  {memory:6.1f} MB  {seconds / first:5.2f}")
