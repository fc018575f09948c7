// What users of the Scala client do daily: a line `name<TAB>outcome` for each case. Run by test_other_clients.py.

import org.apache.spark.SparkThrowable
import org.apache.spark.sql.{DataFrame, Observation, Row, SaveMode}
import org.apache.spark.sql.connect.SparkSession
import org.apache.spark.sql.expressions.Window
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types._
import org.apache.spark.storage.StorageLevel
import scala.jdk.CollectionConverters._

case class Person(id: Int, name: String, age: Int, team: Option[String])

object Cases {
  def main(arguments: Array[String]): Unit = {
    val spark = SparkSession.builder().remote(arguments(0)).create()
    import spark.implicits._
    val directory = arguments(1)
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    def told(frame: DataFrame): String =
      frame.schema.json + " " + frame.collect().map(show).mkString("; ")

    def show(value: Any): String = value match {
      case row: Row => row.toSeq.map(show).mkString("[", ", ", "]")
      case map: scala.collection.Map[_, _] => map.toSeq.map(show).sorted.mkString("{", ", ", "}")
      case several: Iterable[_] => several.map(show).mkString("(", ", ", ")")
      case bytes: Array[Byte] => bytes.mkString("<", " ", ">")
      case other => String.valueOf(other)
    }

    def fails(action: => Any): String =
      try { action; "no error" }
      catch {
        case error: SparkThrowable =>
          val parameters = error.getMessageParameters.asScala.toSeq.sorted.mkString(", ")
          s"${error.getClass.getSimpleName} ${error.getCondition} ${error.getSqlState} $parameters"
      }

    def people: DataFrame = Seq(
      Person(1, "Ann", 31, Some("red")),
      Person(2, "Ben", 29, Some("blue")),
      Person(3, "Cleo", 45, Some("red")),
      Person(4, "Dan", 31, None)
    ).toDF()

    val cases: Seq[(String, () => String)] = Seq(
      "version" -> (() => spark.version),
      "range" -> (() => told(spark.range(2, 11, 3).toDF("a"))),
      "rows of the client" -> (() => told(people)),
      "typed rows" -> (() => people.as[Person].collect().mkString("; ")),
      "types" -> (() => told(spark.sql(
        """SELECT 1Y AS a, 2S AS b, 3L AS c, 1.5F AS d, 2.5D AS e, 12.340BD AS f, X'00FF' AS g, DATE'2024-02-29' AS h,
          |TIMESTAMP'2024-02-29 12:34:56.789Z' AS i, TIMESTAMP_NTZ'2024-02-29 12:34:56' AS j, array(1, NULL) AS k,
          |map('x', 1) AS l, named_struct('y', 'z') AS m, true AS n, CAST(NULL AS STRING) AS o,
          |INTERVAL '1-2' YEAR TO MONTH AS p, INTERVAL '1 02:03:04' DAY TO SECOND AS q""".stripMargin))),
      "sql with arguments" -> (() =>
        told(spark.sql("SELECT :a + 1 AS x, :b AS y", Map("a" -> 41, "b" -> "z"))) +
          told(spark.sql("SELECT ? || ?", Array("p", "q")))),
      "select and filter" -> (() =>
        told(people.filter($"age" > 30).select($"name", ($"age" + 1).as("next")).orderBy($"name".desc))),
      "group" -> (() =>
        told(people.groupBy("team").agg(sum("age").as("ages"), count(lit(1)), collect_list("name")).orderBy("team"))),
      "pivot" -> (() => told(people.groupBy("age").pivot("team", Seq("red", "blue")).count().orderBy("age"))),
      "join" -> (() => {
        val teams = Seq(("red", 10), ("blue", 20)).toDF("team", "points")
        told(people.join(teams, Seq("team"), "left").orderBy("id"))
      }),
      "self join" -> (() => {
        val (one, other) = (people, people)
        told(one.join(other, one("age") === other("age") && one("id") < other("id")).select(one("id"), other("name")))
      }),
      "window" -> (() => {
        val byTeam = Window.partitionBy("team").orderBy($"age".desc)
        told(people.withColumn("rank", rank().over(byTeam)).orderBy("id"))
      }),
      "lambdas" -> (() =>
        told(spark.sql("SELECT array(1, 2, 3) AS xs").select(transform($"xs", x => x * 2), exists($"xs", _ > 2)))),
      "missing values" -> (() => {
        val frame = spark.sql("SELECT * FROM VALUES (1, NULL), (NULL, 'b'), (3, 'c') AS t(a, b)")
        frame.na.drop().count() + " " + told(frame.na.fill(0).na.fill("x"))
      }),
      "statistics" -> (() => told(people.describe("age"))),
      "set operations" -> (() => {
        val (some, more) = (spark.range(5).toDF(), spark.range(3, 8).toDF())
        told(some.union(more).distinct().orderBy("id")) + some.intersect(more).count() + some.except(more).count()
      }),
      "written and read" -> (() => {
        people.write.mode(SaveMode.Overwrite).partitionBy("team").parquet(s"$directory/people")
        told(spark.read.parquet(s"$directory/people").orderBy("id"))
      }),
      "csv with a schema" -> (() => {
        people.select("id", "name").coalesce(1).write.option("header", "true").csv(s"$directory/csv")
        val schema = new StructType().add("id", LongType).add("name", StringType)
        told(spark.read.option("header", "true").schema(schema).csv(s"$directory/csv").orderBy("id"))
      }),
      "views and the catalog" -> (() => {
        people.createOrReplaceTempView("crowd")
        val answers = Seq(spark.table("crowd").count(), spark.catalog.tableExists("crowd"), spark.catalog.dropTempView("crowd"))
        answers.mkString(" ") + " " + spark.catalog.tableExists("crowd") + " " + spark.catalog.currentDatabase
      }),
      "configuration" -> (() => {
        spark.conf.set("spark.sql.shuffle.partitions", "7")
        val set = spark.conf.get("spark.sql.shuffle.partitions")
        spark.conf.unset("spark.sql.shuffle.partitions")
        s"$set ${spark.conf.get("spark.sql.shuffle.partitions")} ${spark.conf.getOption("no.such.key")}"
      }),
      "a cached frame" -> (() => {
        val frame = spark.range(10).toDF().persist(StorageLevel.MEMORY_ONLY)
        val answer = s"${frame.count()} ${frame.storageLevel}"
        frame.unpersist(true)
        s"$answer ${frame.storageLevel}"
      }),
      "observed" -> (() => {
        val observation = Observation("seen")
        spark.range(10).toDF().observe(observation, count(lit(1)).as("rows"), max("id").as("most")).collect()
        observation.get.toSeq.sortBy(_._1).mkString(" ")
      }),
      "an iterator" -> (() => spark.range(100000).toLocalIterator().asScala.map(_.longValue).sum.toString),
      "tags" -> (() => { spark.addTag("mine"); val tags = spark.getTags().mkString; spark.clearTags(); tags }),
      "tree string" -> (() => people.schema.treeString),
      "an unknown column" -> (() => fails(people.select("nmae").schema)),
      "an unknown table" -> (() => fails(spark.table("nowhere").schema)),
      "a syntax error" -> (() => fails(spark.sql("SELECT 1 +"))),
      "a division by zero" -> (() => fails(spark.range(3).select(lit(1) / $"id").collect())),
      "a wrong cast" -> (() => fails(spark.range(1).select(lit("abc").cast("int")).collect()))
    )
    for ((name, action) <- cases) {
      val outcome = try action() catch { case error: Throwable => s"failed: $error" }
      println(name + "\t" + outcome.replace("\n", "\\n"))
    }
    spark.close()
  }
}
