"""Where bqemulator 1.4.0 silently does something else than BigQuery, and a test would pass that should not."""

import json

from bqemulator import server
from bqemulator.jobs import executor
from bqemulator.storage.engine import DuckDBEngine
from sqlglot import exp
from sqlglot.dialects.dialect import build_default_decimal_type
from sqlglot.dialects.duckdb import DuckDB
from starlette.responses import JSONResponse, Response


def apply():
    """Corrects the emulator in this process; to be called before it starts."""
    # It downloads DuckDB's spatial extension at every start and exits without a network; nothing here is geographic.
    DuckDBEngine._load_spatial = lambda self: None

    # A bare NUMERIC has nine decimals; DuckDB's DECIMAL keeps three.
    DuckDB.Parser.TYPE_CONVERTERS[exp.DType.DECIMAL] = build_default_decimal_type(precision=38, scale=9)

    # TIMESTAMP_DIFF counts whole units, as DuckDB's DATE_SUB does; its DATE_DIFF counts the boundaries crossed.
    DuckDB.Generator.TRANSFORMS[exp.TimestampDiff] = lambda self, diff: self.func(
        "DATE_SUB", exp.Literal.string(diff.text("unit")), diff.expression, diff.this
    )

    executor._load_path_into_target = load_as_configured(executor._load_path_into_target)

    create_app = server.create_app
    server.create_app = lambda context: refuse_failed_queries(create_app(context))


def load_as_configured(load):
    """Reads CSV by the job's own settings; bqemulator drops the first line whatever they say, and guesses the rest."""

    def load_path(path, job, context):
        if job.source_format != "CSV":
            return load(path, job, context)
        settings = job.raw_config
        options = {
            "SKIP": int(settings.get("skipLeadingRows", 0)),
            "DELIMITER": literal(settings.get("fieldDelimiter", ",")),
            "NULLSTR": literal(settings.get("nullMarker", "")),
            "QUOTE": literal('"'),
            "ESCAPE": literal('"'),
            "HEADER": False,
            "AUTO_DETECT": False,
            "ALLOW_QUOTED_NULLS": False,
        }
        listed = ", ".join(f"{name} {value}" for name, value in options.items())
        context.engine.execute(f"COPY {job.target_ref} FROM ? (FORMAT CSV, {listed})", [path])

    return load_path


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def refuse_failed_queries(app):
    """Answers a failed jobs.query with an HTTP error, as BigQuery does; bqemulator's 200 reads as an empty result."""

    @app.middleware("http")
    async def refuse(request, call_next):
        response = await call_next(request)
        if request.method != "POST" or not request.url.path.endswith("/queries"):
            return response
        body = b"".join([chunk async for chunk in response.body_iterator])
        errors = json.loads(body).get("errors")
        if not errors:
            return Response(body, response.status_code, response.headers)
        code = 404 if errors[0]["reason"] == "notFound" else 400
        return JSONResponse({"error": {"code": code, "message": errors[0]["message"], "errors": errors}}, code)

    return app
