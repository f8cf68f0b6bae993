"""Runs dbt for the rehearsal. Loading dbt and reading a project take about as long as a build, so this process does both only once.
It reads one request per line from standard input, and prints {"ended": CODE} after each.

  {"do": "prepare" or "run", "args": the arguments after `dbt`, "env": the whole environment}
"""

import json
import os

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

# Runs with the same values of these arguments share what dbt has read, even if the variables in RESULTS differ.
PROJECT = ("--project-dir", "--profiles-dir", "--target", "--vars")
RESULTS = ("DBT_TARGET_PATH", "DBT_LOG_PATH")


def invoke(args, env, manifest=None):
    os.environ.clear()
    os.environ.update(env)
    result = dbtRunner(manifest=manifest).invoke(args)
    # Only one process at a time can open the DuckDB file, and others wait for it.
    DuckDBConnectionManager.close_all_connections()
    return result


def project_of(args, env):
    where = [pair for pair in zip(args, args[1:]) if pair[0] in PROJECT]
    return json.dumps([where, {name: value for name, value in env.items() if name not in RESULTS}], sort_keys=True)


def main():
    # dbt reads standard input too: move the requests away from it.
    requests = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    manifests = {}
    for line in requests:
        request = json.loads(line)
        args, env = request["args"], request["env"]
        project = project_of(args, env)
        if request["do"] == "prepare":
            # If the project cannot be read, the run reports it.
            manifests[project] = invoke(["parse", *args[1:], "--quiet"], env).result
            code = 0
        else:
            manifest = manifests.get(project)
            # Copy the manifest: a run changes it.
            result = invoke(args, env, manifest and manifest.deepcopy())
            code = 0 if result.success else 2 if result.exception else 1
        print(json.dumps({"ended": code}), flush=True)


main()
