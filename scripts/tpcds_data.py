"""Generated TPC-DS tables as Parquet files and the texts of the 103 queries, made once and kept in the cache.

DuckDB's extension makes both; it runs in an environment of its own, `tpcds-generator` in the cache. Run as a program
by that environment's Python, this file writes the directory that its arguments name.
"""

import re
import subprocess
import sys
from pathlib import Path

from firesteel_server import cache_directory
from generated_data import made_once

TABLES = (
    "call_center", "catalog_page", "catalog_returns", "catalog_sales", "customer", "customer_address",
    "customer_demographics", "date_dim", "household_demographics", "income_band", "inventory", "item", "promotion",
    "reason", "ship_mode", "store", "store_returns", "store_sales", "time_dim", "warehouse", "web_page", "web_returns",
    "web_sales", "web_site",
)

# The second forms of four queries, made of the first: what follows the common table expressions is another question.
STORE_SALES_OF_WEEKS = """
SELECT this_year.channel ty_channel, this_year.i_brand_id ty_brand, this_year.i_class_id ty_class,
       this_year.i_category_id ty_category, this_year.sales ty_sales, this_year.number_sales ty_number_sales,
       last_year.channel ly_channel, last_year.i_brand_id ly_brand, last_year.i_class_id ly_class,
       last_year.i_category_id ly_category, last_year.sales ly_sales, last_year.number_sales ly_number_sales
FROM ({this}) this_year, ({last}) last_year
WHERE this_year.i_brand_id = last_year.i_brand_id
  AND this_year.i_class_id = last_year.i_class_id
  AND this_year.i_category_id = last_year.i_category_id
ORDER BY this_year.channel, this_year.i_brand_id, this_year.i_class_id, this_year.i_category_id
LIMIT 100
"""
STORE_SALES_OF_WEEK = """
SELECT 'store' channel, i_brand_id, i_class_id, i_category_id, sum(ss_quantity * ss_list_price) sales,
       count(*) number_sales
FROM store_sales, item, date_dim
WHERE ss_item_sk IN (SELECT ss_item_sk FROM cross_items)
  AND ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk
  AND d_week_seq = (SELECT d_week_seq FROM date_dim WHERE d_year = {year} AND d_moy = 12 AND d_dom = 11)
GROUP BY i_brand_id, i_class_id, i_category_id
HAVING sum(ss_quantity * ss_list_price) > (SELECT average_sales FROM avg_sales)
"""
SALES_TO_BEST_CUSTOMERS = """
SELECT sum(sales)
FROM (SELECT cs_quantity * cs_list_price sales
      FROM catalog_sales, date_dim
      WHERE d_year = 2000 AND d_moy = 2 AND cs_sold_date_sk = d_date_sk
        AND cs_item_sk IN (SELECT item_sk FROM frequent_ss_items)
        AND cs_bill_customer_sk IN (SELECT c_customer_sk FROM best_ss_customer)
      UNION ALL
      SELECT ws_quantity * ws_list_price sales
      FROM web_sales, date_dim
      WHERE d_year = 2000 AND d_moy = 2 AND ws_sold_date_sk = d_date_sk
        AND ws_item_sk IN (SELECT item_sk FROM frequent_ss_items)
        AND ws_bill_customer_sk IN (SELECT c_customer_sk FROM best_ss_customer)) sales_of_month
LIMIT 100
"""


def generate(scale: float) -> Path:
    """The directory with `<table>.parquet` of each table and `queries/q*.sql`; generates it if it is missing."""
    python = cache_directory() / "tpcds-generator" / "bin" / "python"

    def make(partial):
        subprocess.run([str(python), __file__, f"{scale:g}", str(partial)], check=True)

    return made_once(cache_directory() / "tpcds" / f"sf{scale:g}", lambda made: (made / "queries").exists(), make)


def query_texts(directory: Path) -> dict:
    """The texts of the queries by name: `q01` to `q99`, and `q14b`, `q23a`, `q24b`, `q39b`."""
    return {path.stem: path.read_text() for path in sorted((directory / "queries").glob("*.sql"))}


def main() -> None:
    import duckdb
    from duckdb_extensions import import_extension

    scale, directory = float(sys.argv[1]), Path(sys.argv[2])
    import_extension("tpcds")
    connection = duckdb.connect()
    # With several threads the rows' order differs from run to run.
    connection.execute("LOAD tpcds; SET threads = 1")
    connection.execute(f"CALL dsdgen(sf = {scale})")
    for table in TABLES:
        connection.execute(f"COPY {table} TO '{directory / table}.parquet' (FORMAT parquet)")
    rows = connection.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall()
    # Spark quotes names with backticks.
    texts = {f"q{number:02}": re.sub('"([^"]*)"', r"`\1`", text).strip().rstrip(";") for number, text in rows}
    texts.update(second_forms(texts))
    (directory / "queries").mkdir()
    for name, text in texts.items():
        (directory / "queries" / f"{name}.sql").write_text(text + "\n")


def second_forms(texts: dict) -> dict:
    weeks = STORE_SALES_OF_WEEKS.format(
        this=STORE_SALES_OF_WEEK.format(year="1999 + 1"), last=STORE_SALES_OF_WEEK.format(year="1999")
    )
    return {
        "q14b": common_tables(texts["q14"]) + weeks,
        "q23a": common_tables(texts["q23"]) + SALES_TO_BEST_CUSTOMERS,
        "q24b": replaced(texts["q24"], "'peach'", "'chiffon'"),
        "q39b": replaced(texts["q39"], "AND inv2.d_moy=1+1", "AND inv2.d_moy=1+1 AND inv1.cov > 1.5"),
    }


def common_tables(text: str) -> str:
    """What comes before the last SELECT that begins a line."""
    return text[: text.rindex("\nSELECT ")]


def replaced(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"the query has no {old}")
    return text.replace(old, new)


if __name__ == "__main__":
    main()
