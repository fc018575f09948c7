"""The 22 queries of TPC-H as programs of the DataFrame API.

Each function takes the tables by name and gives the query's answer. The columns are those of the SQL text, so that the
two forms can be read side by side; where SQL correlates a subquery, the program joins with an aggregate instead.
"""

from datetime import date
from types import SimpleNamespace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.functions import col

from tpch_data import TABLES

QUERIES = {}


def query(function):
    """Puts the function into the list under its name, `q01` to `q22`."""
    QUERIES[function.__name__] = function
    return function


def tables_of(spark) -> SimpleNamespace:
    """The tables as DataFrames, from the temporary views of the session."""
    return SimpleNamespace(**{table: spark.table(table) for table in TABLES})


def discounted():
    """Price of a line item after its discount."""
    return col("l_extendedprice") * (1 - col("l_discount"))


@query
def q01(t) -> DataFrame:
    return (
        t.lineitem.where(col("l_shipdate") <= F.date_sub(F.lit("1998-12-01").cast("date"), 90))
        .groupBy("l_returnflag", "l_linestatus")
        .agg(
            F.sum("l_quantity").alias("sum_qty"),
            F.sum("l_extendedprice").alias("sum_base_price"),
            F.sum(discounted()).alias("sum_disc_price"),
            F.sum(discounted() * (1 + col("l_tax"))).alias("sum_charge"),
            F.avg("l_quantity").alias("avg_qty"),
            F.avg("l_extendedprice").alias("avg_price"),
            F.avg("l_discount").alias("avg_disc"),
            F.count("*").alias("count_order"),
        )
        .orderBy("l_returnflag", "l_linestatus")
    )


@query
def q02(t) -> DataFrame:
    europe = (
        t.region.where(col("r_name") == "EUROPE")
        .join(t.nation, col("r_regionkey") == col("n_regionkey"))
        .join(t.supplier, col("n_nationkey") == col("s_nationkey"))
        .join(t.partsupp, col("s_suppkey") == col("ps_suppkey"))
    )
    brass = t.part.where((col("p_size") == 15) & col("p_type").like("%BRASS"))
    offers = brass.join(europe, col("p_partkey") == col("ps_partkey"))
    cheapest = offers.groupBy("p_partkey").agg(F.min("ps_supplycost").alias("cheapest")).withColumnRenamed(
        "p_partkey", "cheapest_partkey"
    )
    return (
        offers.join(
            cheapest,
            (col("p_partkey") == col("cheapest_partkey")) & (col("ps_supplycost") == col("cheapest")),
        )
        .select("s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment")
        .orderBy(F.desc("s_acctbal"), "n_name", "s_name", "p_partkey")
        .limit(100)
    )


@query
def q03(t) -> DataFrame:
    day = date(1995, 3, 15)
    return (
        t.customer.where(col("c_mktsegment") == "BUILDING")
        .join(t.orders.where(col("o_orderdate") < day), col("c_custkey") == col("o_custkey"))
        .join(t.lineitem.where(col("l_shipdate") > day), col("l_orderkey") == col("o_orderkey"))
        .groupBy("l_orderkey", "o_orderdate", "o_shippriority")
        .agg(F.sum(discounted()).alias("revenue"))
        .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
        .orderBy(F.desc("revenue"), "o_orderdate")
        .limit(10)
    )


@query
def q04(t) -> DataFrame:
    late = t.lineitem.where(col("l_commitdate") < col("l_receiptdate"))
    return (
        t.orders.where((col("o_orderdate") >= date(1993, 7, 1)) & (col("o_orderdate") < date(1993, 10, 1)))
        .join(late, col("l_orderkey") == col("o_orderkey"), "left_semi")
        .groupBy("o_orderpriority")
        .agg(F.count("*").alias("order_count"))
        .orderBy("o_orderpriority")
    )


@query
def q05(t) -> DataFrame:
    return (
        t.region.where(col("r_name") == "ASIA")
        .join(t.nation, col("r_regionkey") == col("n_regionkey"))
        .join(t.customer, col("n_nationkey") == col("c_nationkey"))
        .join(
            t.orders.where((col("o_orderdate") >= date(1994, 1, 1)) & (col("o_orderdate") < date(1995, 1, 1))),
            col("c_custkey") == col("o_custkey"),
        )
        .join(t.lineitem, col("o_orderkey") == col("l_orderkey"))
        .join(t.supplier, (col("l_suppkey") == col("s_suppkey")) & (col("c_nationkey") == col("s_nationkey")))
        .groupBy("n_name")
        .agg(F.sum(discounted()).alias("revenue"))
        .orderBy(F.desc("revenue"))
    )


@query
def q06(t) -> DataFrame:
    return (
        t.lineitem.where(
            (col("l_shipdate") >= date(1994, 1, 1))
            & (col("l_shipdate") < date(1995, 1, 1))
            & col("l_discount").between(0.05, 0.07)
            & (col("l_quantity") < 24)
        )
        .agg(F.sum(col("l_extendedprice") * col("l_discount")).alias("revenue"))
    )


@query
def q07(t) -> DataFrame:
    suppliers = t.supplier.join(t.nation, col("s_nationkey") == col("n_nationkey")).select(
        "s_suppkey", col("n_name").alias("supp_nation")
    )
    customers = t.customer.join(t.nation, col("c_nationkey") == col("n_nationkey")).select(
        "c_custkey", col("n_name").alias("cust_nation")
    )
    return (
        t.lineitem.where(col("l_shipdate").between(date(1995, 1, 1), date(1996, 12, 31)))
        .join(suppliers, col("s_suppkey") == col("l_suppkey"))
        .join(t.orders, col("o_orderkey") == col("l_orderkey"))
        .join(customers, col("c_custkey") == col("o_custkey"))
        .where(
            ((col("supp_nation") == "FRANCE") & (col("cust_nation") == "GERMANY"))
            | ((col("supp_nation") == "GERMANY") & (col("cust_nation") == "FRANCE"))
        )
        .groupBy("supp_nation", "cust_nation", F.year("l_shipdate").alias("l_year"))
        .agg(F.sum(discounted()).alias("revenue"))
        .orderBy("supp_nation", "cust_nation", "l_year")
    )


@query
def q08(t) -> DataFrame:
    america = (
        t.region.where(col("r_name") == "AMERICA")
        .join(t.nation, col("r_regionkey") == col("n_regionkey"))
        .join(t.customer, col("n_nationkey") == col("c_nationkey"))
        .select("c_custkey")
    )
    sellers = t.nation.select(col("n_nationkey").alias("seller_nationkey"), col("n_name").alias("nation"))
    sold = (
        t.part.where(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(t.lineitem, col("p_partkey") == col("l_partkey"))
        .join(t.supplier, col("l_suppkey") == col("s_suppkey"))
        .join(
            t.orders.where(col("o_orderdate").between(date(1995, 1, 1), date(1996, 12, 31))),
            col("l_orderkey") == col("o_orderkey"),
        )
        .join(america, col("o_custkey") == col("c_custkey"))
        .join(sellers, col("s_nationkey") == col("seller_nationkey"))
        .select(F.year("o_orderdate").alias("o_year"), discounted().alias("volume"), "nation")
    )
    brazil = F.when(col("nation") == "BRAZIL", col("volume")).otherwise(0)
    return sold.groupBy("o_year").agg((F.sum(brazil) / F.sum("volume")).alias("mkt_share")).orderBy("o_year")


@query
def q09(t) -> DataFrame:
    return (
        t.part.where(col("p_name").contains("green"))
        .join(t.lineitem, col("p_partkey") == col("l_partkey"))
        .join(t.partsupp, (col("ps_suppkey") == col("l_suppkey")) & (col("ps_partkey") == col("l_partkey")))
        .join(t.supplier, col("s_suppkey") == col("l_suppkey"))
        .join(t.nation, col("s_nationkey") == col("n_nationkey"))
        .join(t.orders, col("o_orderkey") == col("l_orderkey"))
        .select(
            col("n_name").alias("nation"),
            F.year("o_orderdate").alias("o_year"),
            (discounted() - col("ps_supplycost") * col("l_quantity")).alias("amount"),
        )
        .groupBy("nation", "o_year")
        .agg(F.sum("amount").alias("sum_profit"))
        .orderBy("nation", F.desc("o_year"))
    )


@query
def q10(t) -> DataFrame:
    orders = t.orders.where((col("o_orderdate") >= date(1993, 10, 1)) & (col("o_orderdate") < date(1994, 1, 1)))
    return (
        t.customer.join(orders, col("c_custkey") == col("o_custkey"))
        .join(t.lineitem.where(col("l_returnflag") == "R"), col("l_orderkey") == col("o_orderkey"))
        .join(t.nation, col("c_nationkey") == col("n_nationkey"))
        .groupBy("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
        .agg(F.sum(discounted()).alias("revenue"))
        .select("c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment")
        .orderBy(F.desc("revenue"))
        .limit(20)
    )


@query
def q11(t) -> DataFrame:
    german = (
        t.partsupp.join(t.supplier, col("ps_suppkey") == col("s_suppkey"))
        .join(t.nation.where(col("n_name") == "GERMANY"), col("s_nationkey") == col("n_nationkey"))
        .select("ps_partkey", (col("ps_supplycost") * col("ps_availqty")).alias("stock_value"))
    )
    threshold = german.agg((F.sum("stock_value") * F.lit("0.0100000000").cast("decimal(10,10)")).alias("threshold"))
    return (
        german.groupBy("ps_partkey")
        .agg(F.sum("stock_value").alias("value"))
        .crossJoin(threshold)
        .where(col("value") > col("threshold"))
        .select("ps_partkey", "value")
        .orderBy(F.desc("value"))
    )


@query
def q12(t) -> DataFrame:
    urgent = col("o_orderpriority").isin("1-URGENT", "2-HIGH")
    return (
        t.lineitem.where(
            col("l_shipmode").isin("MAIL", "SHIP")
            & (col("l_commitdate") < col("l_receiptdate"))
            & (col("l_shipdate") < col("l_commitdate"))
            & (col("l_receiptdate") >= date(1994, 1, 1))
            & (col("l_receiptdate") < date(1995, 1, 1))
        )
        .join(t.orders, col("o_orderkey") == col("l_orderkey"))
        .groupBy("l_shipmode")
        .agg(
            F.sum(F.when(urgent, 1).otherwise(0)).alias("high_line_count"),
            F.sum(F.when(~urgent, 1).otherwise(0)).alias("low_line_count"),
        )
        .orderBy("l_shipmode")
    )


@query
def q13(t) -> DataFrame:
    ordinary = t.orders.where(~col("o_comment").like("%special%requests%"))
    return (
        t.customer.join(ordinary, col("c_custkey") == col("o_custkey"), "left_outer")
        .groupBy("c_custkey")
        .agg(F.count("o_orderkey").alias("c_count"))
        .groupBy("c_count")
        .agg(F.count("*").alias("custdist"))
        .orderBy(F.desc("custdist"), F.desc("c_count"))
    )


@query
def q14(t) -> DataFrame:
    promotion = F.when(col("p_type").startswith("PROMO"), discounted()).otherwise(0)
    return (
        t.lineitem.where((col("l_shipdate") >= date(1995, 9, 1)) & (col("l_shipdate") < date(1995, 10, 1)))
        .join(t.part, col("l_partkey") == col("p_partkey"))
        .agg((F.lit("100.00").cast("decimal(5,2)") * F.sum(promotion) / F.sum(discounted())).alias("promo_revenue"))
    )


@query
def q15(t) -> DataFrame:
    revenue = (
        t.lineitem.where((col("l_shipdate") >= date(1996, 1, 1)) & (col("l_shipdate") < date(1996, 4, 1)))
        .groupBy(col("l_suppkey").alias("supplier_no"))
        .agg(F.sum(discounted()).alias("total_revenue"))
    )
    best = revenue.agg(F.max("total_revenue").alias("best_revenue"))
    return (
        t.supplier.join(revenue, col("s_suppkey") == col("supplier_no"))
        .join(best, col("total_revenue") == col("best_revenue"))
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .orderBy("s_suppkey")
    )


@query
def q16(t) -> DataFrame:
    complaints = t.supplier.where(col("s_comment").like("%Customer%Complaints%"))
    return (
        t.part.where(
            (col("p_brand") != "Brand#45")
            & ~col("p_type").startswith("MEDIUM POLISHED")
            & col("p_size").isin(49, 14, 23, 45, 19, 3, 36, 9)
        )
        .join(t.partsupp, col("p_partkey") == col("ps_partkey"))
        .join(complaints, col("ps_suppkey") == col("s_suppkey"), "left_anti")
        .groupBy("p_brand", "p_type", "p_size")
        .agg(F.countDistinct("ps_suppkey").alias("supplier_cnt"))
        .orderBy(F.desc("supplier_cnt"), "p_brand", "p_type", "p_size")
    )


@query
def q17(t) -> DataFrame:
    boxes = t.part.where((col("p_brand") == "Brand#23") & (col("p_container") == "MED BOX"))
    usual = t.lineitem.groupBy(col("l_partkey").alias("usual_partkey")).agg(
        (F.lit("0.2").cast("decimal(2,1)") * F.avg("l_quantity")).alias("small_quantity")
    )
    return (
        t.lineitem.join(boxes, col("l_partkey") == col("p_partkey"))
        .join(usual, (col("p_partkey") == col("usual_partkey")) & (col("l_quantity") < col("small_quantity")))
        .agg((F.sum("l_extendedprice") / F.lit("7.0").cast("decimal(2,1)")).alias("avg_yearly"))
    )


@query
def q18(t) -> DataFrame:
    large = (
        t.lineitem.groupBy(col("l_orderkey").alias("large_orderkey"))
        .agg(F.sum("l_quantity").alias("quantity"))
        .where(col("quantity") > 300)
    )
    return (
        t.orders.join(large, col("o_orderkey") == col("large_orderkey"), "left_semi")
        .join(t.customer, col("c_custkey") == col("o_custkey"))
        .join(t.lineitem, col("o_orderkey") == col("l_orderkey"))
        .groupBy("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice")
        .agg(F.sum("l_quantity"))
        .orderBy(F.desc("o_totalprice"), "o_orderdate")
        .limit(100)
    )


@query
def q19(t) -> DataFrame:
    def kind(brand, containers, quantity, size):
        return (
            (col("p_brand") == brand)
            & col("p_container").isin(*containers)
            & col("l_quantity").between(quantity, quantity + 10)
            & col("p_size").between(1, size)
        )

    return (
        t.lineitem.where(
            col("l_shipmode").isin("AIR", "AIR REG") & (col("l_shipinstruct") == "DELIVER IN PERSON")
        )
        .join(t.part, col("p_partkey") == col("l_partkey"))
        .where(
            kind("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
            | kind("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
            | kind("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
        )
        .agg(F.sum(discounted()).alias("revenue"))
    )


@query
def q20(t) -> DataFrame:
    shipped = (
        t.lineitem.where((col("l_shipdate") >= date(1994, 1, 1)) & (col("l_shipdate") < date(1995, 1, 1)))
        .groupBy("l_partkey", "l_suppkey")
        .agg((F.lit("0.5").cast("decimal(2,1)") * F.sum("l_quantity")).alias("half_shipped"))
    )
    forest = t.part.where(col("p_name").startswith("forest"))
    plenty = (
        t.partsupp.join(forest, col("ps_partkey") == col("p_partkey"), "left_semi")
        .join(shipped, (col("ps_partkey") == col("l_partkey")) & (col("ps_suppkey") == col("l_suppkey")))
        .where(col("ps_availqty") > col("half_shipped"))
    )
    return (
        t.supplier.join(plenty, col("s_suppkey") == col("ps_suppkey"), "left_semi")
        .join(t.nation.where(col("n_name") == "CANADA"), col("s_nationkey") == col("n_nationkey"))
        .select("s_name", "s_address")
        .orderBy("s_name")
    )


@query
def q21(t) -> DataFrame:
    l1, l2, l3 = t.lineitem.alias("l1"), t.lineitem.alias("l2"), t.lineitem.alias("l3")
    another = (col("l2.l_orderkey") == col("l1.l_orderkey")) & (col("l2.l_suppkey") != col("l1.l_suppkey"))
    another_late = (
        (col("l3.l_orderkey") == col("l1.l_orderkey"))
        & (col("l3.l_suppkey") != col("l1.l_suppkey"))
        & (col("l3.l_receiptdate") > col("l3.l_commitdate"))
    )
    return (
        l1.where(col("l1.l_receiptdate") > col("l1.l_commitdate"))
        .join(t.supplier, col("s_suppkey") == col("l1.l_suppkey"))
        .join(t.orders.where(col("o_orderstatus") == "F"), col("o_orderkey") == col("l1.l_orderkey"))
        .join(t.nation.where(col("n_name") == "SAUDI ARABIA"), col("s_nationkey") == col("n_nationkey"))
        .join(l2, another, "left_semi")
        .join(l3, another_late, "left_anti")
        .groupBy("s_name")
        .agg(F.count("*").alias("numwait"))
        .orderBy(F.desc("numwait"), "s_name")
        .limit(100)
    )


@query
def q22(t) -> DataFrame:
    codes = t.customer.select(F.substring("c_phone", 1, 2).alias("cntrycode"), "c_acctbal", "c_custkey").where(
        col("cntrycode").isin("13", "31", "23", "29", "30", "18", "17")
    )
    average = codes.where(col("c_acctbal") > 0).agg(F.avg("c_acctbal").alias("average"))
    return (
        codes.crossJoin(average)
        .where(col("c_acctbal") > col("average"))
        .join(t.orders, col("o_custkey") == col("c_custkey"), "left_anti")
        .groupBy("cntrycode")
        .agg(F.count("*").alias("numcust"), F.sum("c_acctbal").alias("totacctbal"))
        .orderBy("cntrycode")
    )
