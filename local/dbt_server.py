"""Runs dbt for the rehearsal. Loading dbt and reading a project take about as long as a build, so this process does both only once.
It reads one request per line from standard input, and prints {"ended": CODE} after each.

  {"do": "prepare" or "run", "args": the arguments after `dbt`, "env": the whole environment}
"""

import gc
import hashlib
import importlib.util
import json
import marshal
import os
import queue
import sys
import threading


def listen(lines):
    """Passes requests on. Standard input closes when the rehearsal has ended, even if it was killed: end this process too, in the middle of
    a build. The rehearsal threw that build away."""
    # dbt reads standard input too: move the requests away from it.
    requests = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def read():
        for line in requests:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()


# dbt looks for plugins among the modules whose names begin with dbt_, and imports this one a second time.
IS_MAIN = __name__ == "__main__"
lines = queue.SimpleQueue()
if IS_MAIN:
    # Listen before dbt is imported, which takes seconds.
    listen(lines)

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.version import __version__

import dbt_shortcuts
import jinja2

# Runs with the same values of these arguments share the project that dbt has read, even if the variables in RESULTS differ.
PROJECT = ("--project-dir", "--profiles-dir", "--target", "--vars")
# The folders that dbt writes to; without these arguments, they are `target` and `logs` in the project.
WRITTEN = ("--target-path", "--log-path")
RESULTS = ("DBT_TARGET_PATH", "DBT_LOG_PATH", "DBT_DUCKDB_ACCESS", "DBT_DUCKDB_MEMORY")


def invoke(args, env, manifest=None):
    os.environ.clear()
    os.environ.update(env)
    result = dbtRunner(manifest=manifest).invoke(args)
    # Only one process at a time can open the DuckDB file, and others wait for it.
    DuckDBConnectionManager.close_all_connections()
    return result


def pairs_of(args, names):
    """The arguments with these names, as a list of pairs."""
    return [pair for pair in zip(args, args[1:]) if pair[0] in names]


def project_of(args, env):
    return json.dumps([pairs_of(args, PROJECT), settings_of(env)], sort_keys=True)


def settings_of(env):
    """The variables that a project depends on. Of the database's path, that is only the file's name."""
    settings = {name: value for name, value in env.items() if name not in RESULTS}
    settings["DBT_DUCKDB_PATH"] = os.path.basename(settings.get("DBT_DUCKDB_PATH", ""))
    return settings


def read_project(args, env):
    """Returns the manifest of a project, from the file of an earlier process if no file of the project has changed since. Reading a
    project takes five seconds. dbt's own partial parsing would read it again whenever the path of the database changes."""
    file = kept_file(args, env, "msgpack")
    try:
        with open(file, "rb") as saved:
            return Manifest.from_msgpack(saved.read())
    except Exception:
        # Only the arguments that every command of dbt takes: `parse` refuses a build's own.
        where = [word for pair in pairs_of(args, (*PROJECT, *WRITTEN)) for word in pair]
        manifest = invoke(["parse", *where, "--quiet"], env).result
    # If the project cannot be read, the run reports it.
    if manifest is not None:
        keep(file, manifest.to_msgpack())
    return manifest


def read_templates(file):
    """Takes the compiled macros that an earlier process kept: compiling them takes two seconds."""
    try:
        with open(file, "rb") as saved:
            digest, code = saved.read(32), saved.read()
        # Python would run whatever code is in a damaged file.
        if hashlib.sha256(code).digest() == digest:
            dbt_shortcuts.compiled.update(marshal.loads(code))
    except OSError:
        pass


def keep_templates(file):
    code = marshal.dumps(dbt_shortcuts.compiled)
    keep(file, hashlib.sha256(code).digest() + code)


def kept_file(args, env, kind):
    """A file for the next process, named after everything that its content depends on."""
    options = dict(zip(args, args[1:]))
    digest = hashlib.sha256()
    settings = {name: value for name, value in settings_of(env).items() if name.startswith("DBT_")}
    made_by = [__version__, jinja2.__version__, importlib.util.MAGIC_NUMBER.hex()]
    digest.update(json.dumps([made_by, options.get("--target"), options.get("--vars"), settings], sort_keys=True).encode())
    for root in sorted({options.get("--project-dir", "."), options.get("--profiles-dir", ".")}):
        for folder, folders, files in os.walk(root):
            # dbt's output changes with each run, if somebody runs dbt in the project by hand.
            folders[:] = sorted(set(folders) - {"target", "logs"})
            for name in sorted(files):
                path = os.path.join(folder, name)
                with open(path, "rb") as content:
                    digest.update(f"\n{os.path.relpath(path, root)}\n".encode() + content.read())
    return os.path.join(sys.prefix, "dbt-projects", digest.hexdigest()[:16] + "." + kind)


def keep(file, content):
    folder = os.path.dirname(file)
    try:
        os.makedirs(folder, exist_ok=True)
        half = f"{file}.{os.getpid()}"
        with open(half, "wb") as saved:
            saved.write(content)
        os.replace(half, file)
        by_age = sorted((os.path.join(folder, name) for name in os.listdir(folder)), key=os.path.getmtime)
        for old in by_age[:-16]:
            os.remove(old)
    except OSError:
        # A read-only or full disk costs only time.
        pass


def main():
    dbt_shortcuts.take()
    manifests = {}
    while True:
        request = json.loads(lines.get())
        args, env = request["args"], request["env"]
        project = project_of(args, env)
        if project not in manifests:
            read_templates(kept_file(args, env, "templates"))
            manifests[project] = read_project(args, env)
            # A project stays for the life of the process: keep Python from searching it for garbage again and again.
            gc.collect()
            gc.freeze()
        templates = len(dbt_shortcuts.compiled)
        code = 0
        if request["do"] == "run":
            manifest = manifests[project]
            # Copy the manifest: a run changes it.
            result = invoke(args, env, manifest and manifest.deepcopy())
            code = 0 if result.success else 2 if result.exception else 1
        print(json.dumps({"ended": code}), flush=True)
        if len(dbt_shortcuts.compiled) > templates:
            keep_templates(kept_file(args, env, "templates"))


if IS_MAIN:
    main()
