"""Compares a synthetic export of thelook with a real extract by SDMetrics, and prints the scores as JSON.

    python sdmetrics_score.py REAL_FOLDER SYNTHETIC_FOLDER

The real extract holds the users of some states and months, and women's orders. So the synthetic one is cut to the same, with as many users of each
state. The real extract in two halves shows what a second extract of thelook would score: the ceiling.
"""

import json
import sys
import warnings

import pandas

warnings.filterwarnings("ignore")
from sdmetrics.reports.multi_table import DiagnosticReport, QualityReport  # noqa: E402

ID, NUMBER, CATEGORY = ({"sdtype": sdtype} for sdtype in ("id", "numerical", "categorical"))
TIME = {"sdtype": "datetime", "datetime_format": "%Y-%m-%d %H:%M:%S"}
TIMES = {"created_at": TIME, "shipped_at": TIME, "delivered_at": TIME, "returned_at": TIME}
# Brands are invented, names and addresses are free text: they are not compared.
COLUMNS = {
    "users": {"id": ID, "age": NUMBER, "gender": CATEGORY, "state": CATEGORY, "city": CATEGORY, "country": CATEGORY, "latitude": NUMBER,
              "longitude": NUMBER, "traffic_source": CATEGORY, "created_at": TIME},
    "orders": {"order_id": ID, "user_id": ID, "status": CATEGORY, "gender": CATEGORY, "num_of_item": NUMBER, **TIMES},
    "order_items": {"id": ID, "order_id": ID, "user_id": ID, "product_id": ID, "status": CATEGORY, "sale_price": NUMBER, **TIMES},
    "products": {"id": ID, "cost": NUMBER, "category": CATEGORY, "retail_price": NUMBER, "department": CATEGORY, "distribution_center_id": CATEGORY},
}
KEYS = {"users": "id", "orders": "order_id", "order_items": "id", "products": "id"}
REFERENCES = [("users", "orders", "user_id"), ("orders", "order_items", "order_id"), ("products", "order_items", "product_id")]
METADATA = {
    "tables": {name: {"primary_key": KEYS[name], "columns": columns} for name, columns in COLUMNS.items()},
    "relationships": [
        {"parent_table_name": parent, "parent_primary_key": KEYS[parent], "child_table_name": child, "child_foreign_key": column}
        for parent, child, column in REFERENCES
    ],
}


def read(folder):
    tables = {}
    for name, columns in COLUMNS.items():
        rows = pandas.read_csv(f"{folder}/{name}.csv", keep_default_na=False, na_values=[""]).drop_duplicates()
        for column, kind in columns.items():
            if kind is TIME:
                rows[column] = pandas.to_datetime(rows[column].str.slice(0, 19))
            if kind is CATEGORY:
                rows[column] = rows[column].astype(str)
        tables[name] = rows[list(columns)]
    return tables


def of_users(tables, users):
    """Women's orders of some users, with their items and products; orders without items are left out."""
    orders = tables["orders"][tables["orders"].user_id.isin(users.id) & (tables["orders"].gender == "F")]
    items = tables["order_items"][tables["order_items"].order_id.isin(orders.order_id)]
    orders = orders[orders.order_id.isin(items.order_id)]
    products = tables["products"][tables["products"].id.isin(items.product_id)]
    return {"users": users, "orders": orders, "order_items": items, "products": products}


def score(real, other):
    quality, diagnostic = QualityReport(), DiagnosticReport()
    quality.generate(real, other, METADATA, verbose=False)
    diagnostic.generate(real, other, METADATA, verbose=False)
    properties = {**percents(quality), **percents(diagnostic)}
    return {"quality": percent(quality.get_score()), "diagnostic": percent(diagnostic.get_score()), "properties": properties}


def percents(report):
    return {row["Property"]: percent(row["Score"]) for row in report.get_properties().to_dict("records")}


def percent(share):
    return round(100 * share, 1)


def main(real_folder, synthetic_folder):
    real, synthetic = read(real_folder), read(synthetic_folder)
    users = synthetic["users"]
    joined = real["users"].created_at
    users = users[users.created_at.between(joined.min(), joined.max())].sample(frac=1, random_state=1)
    wanted = real["users"].state.value_counts()
    # The place of each user among those of the same state.
    place = users.groupby("state").cumcount()
    chosen = users[place < users.state.map(wanted).fillna(0)].sample(frac=1, random_state=1)
    shuffled = real["users"].sample(frac=1, random_state=1)
    extract = of_users(real, real["users"])
    halves = [of_users(real, half) for half in (shuffled[::2], shuffled[1::2])]
    print(json.dumps({
        "users": len(chosen),
        "synthetic": score(extract, of_users(synthetic, chosen)),
        "halves": score(*halves),
        # As few users as in a half, for a fair comparison with the halves.
        "synthetic_half": score(halves[0], of_users(synthetic, chosen[::2])),
    }))


main(*sys.argv[1:])
