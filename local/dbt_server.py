"""Runs dbt for the rehearsal. Loading dbt and reading a project take about as long as building it, so both are done once, ahead of
time, for all runs. Reads a request a line from standard input, and says {"ended": CODE} when it is done.

  {"do": "prepare" or "run", "args": what follows `dbt`, "env": the whole environment}
"""

import json
import os

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

# What a project's content depends on; the other arguments and variables say what is done with it, and where results go.
WHERE = ("--project-dir", "--profiles-dir", "--target", "--vars")
RESULTS = ("DBT_TARGET_PATH", "DBT_LOG_PATH")


def invoke(args, env, manifest=None):
    os.environ.clear()
    os.environ.update(env)
    result = dbtRunner(manifest=manifest).invoke(args)
    # A DuckDB file is open in one process at a time, and others wait for it.
    DuckDBConnectionManager.close_all_connections()
    return result


def project_of(args, env):
    where = [pair for pair in zip(args, args[1:]) if pair[0] in WHERE]
    return json.dumps([where, {name: value for name, value in env.items() if name not in RESULTS}], sort_keys=True)


def main():
    # dbt reads what it finds on standard input: the requests must not be there.
    requests = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    manifests = {}
    for line in requests:
        request = json.loads(line)
        args, env = request["args"], request["env"]
        project = project_of(args, env)
        if request["do"] == "prepare":
            # A project that cannot be read says so again when it is run.
            manifests[project] = invoke(["parse", *args[1:], "--quiet"], env).result
            code = 0
        else:
            manifest = manifests.get(project)
            # A run writes into the manifest that it is given.
            result = invoke(args, env, manifest and manifest.deepcopy())
            code = 0 if result.success else 2 if result.exception else 1
        print(json.dumps({"ended": code}), flush=True)


main()
