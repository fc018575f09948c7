"""Reading files: formats, options, schemas, directories, globs and partitions."""

import os

import pyarrow
import pyarrow.parquet

from recorded import Ordered, case


def write(directory, name, text):
    """Writes a text file below the directory and gives its path."""
    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def parquet(directory, file, /, **columns):
    """Writes a Parquet file of the columns and gives its path."""
    path = os.path.join(directory, file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


@case
def parquet_file(spark, directory):
    return spark.read.parquet(parquet(directory, "a.parquet", id=[1, 2, None], name=["x", None, "z"]))


@case
def parquet_types(spark, directory):
    import datetime
    import decimal

    path = parquet(
        directory,
        "types.parquet",
        b=pyarrow.array([True, None]),
        i8=pyarrow.array([1, -1], pyarrow.int8()),
        i16=pyarrow.array([1, -1], pyarrow.int16()),
        i32=pyarrow.array([1, -1], pyarrow.int32()),
        i64=pyarrow.array([1, -1], pyarrow.int64()),
        f=pyarrow.array([1.5, -1.5], pyarrow.float32()),
        d=pyarrow.array([1.5, float("inf")], pyarrow.float64()),
        dec=pyarrow.array([decimal.Decimal("1.50"), None], pyarrow.decimal128(10, 2)),
        s=pyarrow.array(["a", "é"]),
        bin=pyarrow.array([b"a", b"\xff"]),
        day=pyarrow.array([datetime.date(2020, 2, 29), None]),
        ts=pyarrow.array([datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.timezone.utc), None],
                         pyarrow.timestamp("us", "UTC")),
        ntz=pyarrow.array([datetime.datetime(2020, 1, 1, 12), None], pyarrow.timestamp("us")),
        xs=pyarrow.array([[1, None], []], pyarrow.list_(pyarrow.int32())),
        m=pyarrow.array([[("a", 1)], None], pyarrow.map_(pyarrow.string(), pyarrow.int32())),
        st=pyarrow.array([{"x": 1, "y": "a"}, None]),
    )
    return spark.read.parquet(path)


@case
def parquet_directory(spark, directory):
    parquet(directory, "d/1.parquet", id=[1])
    parquet(directory, "d/2.parquet", id=[2])
    write(directory, "d/_SUCCESS", "")
    write(directory, "d/.hidden", "no")
    return spark.read.parquet(os.path.join(directory, "d"))


@case
def larger_files_come_first_every_time(spark, directory):
    for name, size in (("1", 1), ("2", 3000), ("3", 200)):
        parquet(directory, f"d/{name}.parquet", name=[f"{name}.{row}" for row in range(size)])
    files = spark.read.parquet(os.path.join(directory, "d")).filter("name LIKE '%.0'")
    return [[row.name for row in files.collect()] for _ in range(20)]


@case
def parquet_glob(spark, directory):
    for name in ("a1", "a2", "b1"):
        parquet(directory, f"g/{name}.parquet", name=[name])
    return spark.read.parquet(os.path.join(directory, "g/a*.parquet"))


@case
def parquet_several_paths(spark, directory):
    return spark.read.parquet(parquet(directory, "1.parquet", id=[1]), parquet(directory, "2.parquet", id=[2]))


@case
def parquet_partitioned(spark, directory):
    parquet(directory, "p/year=2020/kind=a/x.parquet", v=[1, 2])
    parquet(directory, "p/year=2021/kind=b/x.parquet", v=[3])
    parquet(directory, "p/year=2021/kind=__HIVE_DEFAULT_PARTITION__/x.parquet", v=[4])
    return spark.read.parquet(os.path.join(directory, "p"))


@case
def parquet_partition_filter(spark, directory):
    parquet(directory, "p/day=2020-01-01/x.parquet", v=[1])
    parquet(directory, "p/day=2020-01-02/x.parquet", v=[2])
    return spark.read.parquet(os.path.join(directory, "p")).where("day > '2020-01-01'")


@case
def parquet_given_schema(spark, directory):
    path = parquet(directory, "a.parquet", id=[1, 2], name=["x", "y"])
    return spark.read.schema("name STRING, id BIGINT, extra DOUBLE").parquet(path)


@case
def parquet_merge_schema(spark, directory):
    parquet(directory, "m/1.parquet", a=[1])
    parquet(directory, "m/2.parquet", b=["x"])
    return spark.read.option("mergeSchema", "true").parquet(os.path.join(directory, "m")).select("a", "b")


@case
def parquet_missing_path(spark, directory):
    return spark.read.parquet(os.path.join(directory, "missing"))


@case
def parquet_missing_glob(spark, directory):
    return spark.read.parquet(os.path.join(directory, "missing*.parquet"))


@case
def parquet_empty_directory(spark, directory):
    os.makedirs(os.path.join(directory, "empty"))
    return spark.read.parquet(os.path.join(directory, "empty"))


@case
def load_default_format(spark, directory):
    return spark.read.load(parquet(directory, "a.parquet", id=[1]))


@case
def load_unknown_format(spark, directory):
    return spark.read.format("no_such_format").load(directory).schema


@case
def sql_on_files(spark, directory):
    path = parquet(directory, "a.parquet", id=[1, 2])
    return spark.sql(f"SELECT id + 1 AS next FROM parquet.`{path}`")


@case
def csv_plain(spark, directory):
    return spark.read.csv(write(directory, "a.csv", "1,x\n2,\n,z\n"))


@case
def csv_header_and_inference(spark, directory):
    text = "id,name,price,day,at,flag\n1,x,1.5,2020-01-01,2020-01-01 10:00:00,true\n2,,2,2020-01-02,,false\n"
    return spark.read.csv(write(directory, "a.csv", text), header=True, inferSchema=True)


@case
def csv_given_schema(spark, directory):
    return spark.read.csv(write(directory, "a.csv", "1|x\n2|y\n"), schema="id INT, name STRING", sep="|")


@case
def csv_quotes(spark, directory):
    text = 'a,b\n"x, y","he said ""hi"""\n"multi\nline",plain\n'
    return spark.read.csv(write(directory, "a.csv", text), header=True, multiLine=True, escape='"')


@case
def csv_null_value(spark, directory):
    text = "id,name\n1,NA\nNA,x\n"
    return spark.read.csv(write(directory, "a.csv", text), header=True, nullValue="NA", schema="id INT, name STRING")


@case
def csv_malformed_permissive(spark, directory):
    return spark.read.csv(write(directory, "a.csv", "1,x\nbad,y\n3\n"), schema="id INT, name STRING")


@case
def csv_malformed_dropped(spark, directory):
    path = write(directory, "a.csv", "1,x\nbad,y\n")
    return spark.read.csv(path, schema="id INT, name STRING", mode="DROPMALFORMED")


@case
def csv_comment_and_blanks(spark, directory):
    text = "# comment\n 1 , x \n"
    path = write(directory, "a.csv", text)
    return spark.read.csv(path, comment="#", ignoreLeadingWhiteSpace=True, ignoreTrailingWhiteSpace=True)


@case
def csv_date_format(spark, directory):
    return spark.read.csv(write(directory, "a.csv", "31/12/2020\n"), schema="day DATE", dateFormat="dd/MM/yyyy")


@case
def json_lines(spark, directory):
    text = '{"id": 1, "name": "x"}\n{"id": 2, "tags": ["a", "b"], "inner": {"x": 1.5}}\n'
    return spark.read.json(write(directory, "a.json", text))


@case
def json_given_schema(spark, directory):
    text = '{"id": 1, "name": "x", "extra": true}\n{"name": null}\n'
    return spark.read.json(write(directory, "a.json", text), schema="id BIGINT, name STRING")


@case
def json_multi_line(spark, directory):
    return spark.read.json(write(directory, "a.json", '[{"a": 1},\n {"a": 2}]'), multiLine=True)


@case
def json_corrupt(spark, directory):
    text = '{"a": 1}\nnot json\n'
    return spark.read.json(write(directory, "a.json", text), schema="a INT, _corrupt_record STRING")


@case
def text_lines(spark, directory):
    return Ordered(spark.read.text(write(directory, "a.txt", "one\n\nthree")))


@case
def text_whole(spark, directory):
    return spark.read.text(write(directory, "a.txt", "one\ntwo\n"), wholetext=True)


@case
def input_files(spark, directory):
    path = parquet(directory, "a.parquet", id=[1])
    return spark.read.parquet(path).inputFiles()


@case
def file_metadata_column(spark, directory):
    path = parquet(directory, "named.parquet", id=[1])
    return spark.read.parquet(path).select("id", "_metadata.file_name")


@case
def pushed_filter_and_projection(spark, directory):
    path = parquet(directory, "a.parquet", id=list(range(1000)), name=[str(n) for n in range(1000)])
    return spark.read.parquet(path).where("id BETWEEN 10 AND 12 AND name LIKE '1%'").select("name")
