//! Query blocks, joins, set operations, pipes, and what else stands in `FROM`.

use crate::render::query_of;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(query_of(text), *expected, "{text}");
    }
}

#[test]
fn query_blocks() {
    check(&[
        ("select 1", "one > select 1"),
        ("select distinct a from t", "t > select a > distinct"),
        ("select a from t where b", "t > where b > select a"),
        (
            "select a, sum(b) from t where c group by a having d window w as (order by x) qualify e order by f limit 3 offset 2",
            "t > where c > group a : a, sum(b) > having d > qualify e > windows w=[ | x Default] > order f Default > offset 2 > limit 3",
        ),
        ("select a having b", "one > group  : a > having b"),
        ("select a from t limit all", "t > select a > limit all"),
        ("select a from t order by all desc", "t > select a > order all false Default"),
        ("select a from t sort by a", "t > select a > sort a Default"),
        ("select a from t distribute by a sort by b desc", "t > select a > spread a > sort b desc Default"),
        ("select a from t cluster by a", "t > select a > spread a > sort a Default"),
        ("from t", "t"),
        ("from t select a where b", "t > where b > select a"),
        ("table a.b", "a.b"),
        ("values (1, 'a'), (2, 'b') as t(x, y)", "{values (1, 'a') (2, 'b')} as t(x, y)"),
        ("values 1, 2", "values (1) (2)"),
        ("select * from (values (1)) as (a)", "{values (1)} as as(a) > select *"),
        (
            "select /*+ broadcast(a, b), coalesce(3) */ /*+ merge(c) */ * from t",
            "t > select * > hint merge(c) > hint coalesce(3) > hint broadcast(a, b)",
        ),
        (
            "with a as (select 1), b(x) as (select 2) select * from a",
            "with [a()None = one > select 1; b(x)None = one > select 2] a > select *",
        ),
        (
            "with recursive r(n) max recursion level 5 as (select 1) select * from r",
            "with recursive [r(n)Some(5) = one > select 1] r > select *",
        ),
        (
            "select a from t window w as (order by a), x as w",
            "t > select a > windows w=[ | a Default], x=[ | a Default]",
        ),
    ]);
}

#[test]
fn groupings() {
    check(&[
        ("select a from t group by all", "t > group ALL : a"),
        ("select a from t group by a, b with rollup", "t > group ROLLUP a, b : a"),
        ("select a from t group by a, b with cube", "t > group CUBE a, b : a"),
        ("select a from t group by a, b grouping sets ((a, b), a, ())", "t > group SETS (a, b) (a) () of a, b : a"),
        (
            "select a from t group by a, rollup(b, (c, d)), cube(e), grouping sets((a), (), rollup(b))",
            "t > group a, rollup[(b) (c, d)], cube[(e)], sets[(a) () rollup[(b)]] : a",
        ),
        ("select a from t group by (a + b) * c", "t > group *(+(a, b), c) : a"),
        ("select a from t group by 1 having a > 1", "t > group 1 : a > having >(a, 1)"),
    ]);
}

#[test]
fn joins() {
    check(&[
        ("select * from a join b on x = y", "(a Inner b on =(x, y)) > select *"),
        (
            "select * from a left join b using (x, y) cross join c",
            "((a LeftOuter b Using([\"x\", \"y\"])) Cross c) > select *",
        ),
        ("select * from a natural full outer join b", "(a FullOuter b Natural) > select *"),
        ("select * from a left semi join b on c", "(a LeftSemi b on c) > select *"),
        ("select * from a anti join b", "(a LeftAnti b) > select *"),
        ("select * from a right join b", "(a RightOuter b) > select *"),
        ("select * from a, b join c on d", "((a Inner b) Inner c on d) > select *"),
        (
            "select * from a, lateral (select 1) s left join lateral f(1) on true",
            "((a Inner lateral {one > select 1} as s) LeftOuter lateral f!(1) on true) > select *",
        ),
        ("select * from (a join b) c", "{(a Inner b)} as c > select *"),
        ("select * from ((select 1) x join b)", "({one > select 1} as x Inner b) > select *"),
        ("select * from (select 1)", "{one > select 1} as __auto_generated_subquery_name > select *"),
        ("select * from a x join b as y(c, d)", "({a} as x Inner {b} as y(c, d)) > select *"),
    ]);
}

#[test]
fn set_operations() {
    check(&[
        (
            "select 1 union select 2 intersect select 3 except all select 4 order by 1",
            "((one > select 1 Union (one > select 2 Intersect one > select 3)) Except all one > select 4) > order 1 Default",
        ),
        ("(select 1) minus distinct (select 2 limit 1)", "(one > select 1 Except one > select 2 > limit 1)"),
        ("select 1 union all values (2) limit 3", "(one > select 1 Union all values (2)) > limit 3"),
        ("from t select a select b", "(t > select a Union all t > select b)"),
    ]);
}

#[test]
fn tables() {
    check(&[
        ("select * from parquet.`/a/b`", "parquet./a/b > select *"),
        ("select * from t version as of 3", "t@Version(\"3\") > select *"),
        ("select * from t for system_version as of 'x' y", "{t@Version(\"x\")} as y > select *"),
        ("select * from t with (a = 1, 'b' 'x')", "t{\"a\": \"1\", \"b\": \"x\"} > select *"),
        ("select * from identifier('a.b')", "a.b > select *"),
        ("select * from identifier(:p)", "identifier(Named(\"p\")) > select *"),
        ("select * from t tablesample (10 percent) repeatable (3) x", "{t} as x > sample 0.1 Some(3)  > select *"),
        ("select * from t tablesample (5 rows)", "t > sample 1 None 5 > select *"),
        ("select * from t tablesample (bucket 1 out of 4)", "t > sample 0.25 None  > select *"),
        ("select * from range(1, 2) as r(x)", "{range!(1, 2)} as r(x) > select *"),
        (
            "select * from f(table(t) partition by (a, b) order by c, x => table(select 1) with single partition)",
            "f!(table({t} by a, b order c Default), x => table({one > select 1} by  order  single)) > select *",
        ),
        (
            "select * from t lateral view outer explode(a) T as B, c lateral view f(b) x",
            "t > view outer explode(a) t(B, c) > view f(b) x() > select *",
        ),
        (
            "select * from t pivot (sum(a) as s, avg(b) for (y, z) in ((1, 2) as p, (3, 4))) q",
            "{t > pivot sum(a) as s, avg(b) for y, z in named_struct('col1', 1, 'col2', 2) as p, named_struct('col1', 3, 'col2', 4)} as q > select *",
        ),
        ("select * from t unpivot (a for n in (c as x, d, t.e))", "t > unpivot a for n in (c)x (d) (t.e) > select *"),
        (
            "select * from t unpivot include nulls ((a, b) for n in ((c, d) as x, (e, f))) u",
            "{t > unpivot nulls a,b for n in (c, d)x (e, f)} as u > select *",
        ),
    ]);
}

#[test]
fn pipes() {
    check(&[
        ("from t |> select a, b |> extend c as d", "t > select a, b > select *, c as d"),
        ("from t |> set a = 1, b = a", "t > set a = 1 > set b = a"),
        ("from t |> drop a, b", "t > select *-(a,b)"),
        ("from t |> as u |> where a", "{t} as u > where a"),
        ("from t |> select a |> where b", "{t > select a} as __auto_generated_subquery_name > where b"),
        ("from t |> aggregate sum(a) as s group by b as k", "t > group+ b as k : sum(a) as s"),
        ("from t |> aggregate group by a", "t > group+ a : "),
        (
            "from t |> order by a |> limit 2 offset 1",
            "{t > order a Default} as __auto_generated_subquery_name > offset 1 > limit 2",
        ),
        ("from t |> left join u on a |> union all table v", "((t LeftOuter u on a) Union all v)"),
        (
            "from t |> tablesample (10 rows) |> pivot (sum(a) for b in (1))",
            "t > sample 1 None 10 > pivot sum(a) for b in 1",
        ),
        ("select a | select b", "one > select a > select b"),
        ("select a | b from t", "t > select |(a, b)"),
        (
            "select 1 union select 2 |> where a",
            "{(one > select 1 Union one > select 2)} as __auto_generated_subquery_name > where a",
        ),
    ]);
}

#[test]
fn comments_and_semicolons() {
    check(&[
        ("select 1 -- c\n, 2 /* a /* b */ c */ ;; ", "one > select 1, 2"),
        ("select '--', '/*', \"a\" from `t;`", "t; > select '--', '/*', 'a'"),
    ]);
    let text = "select ';' ; -- a;b\n select /* ; */ `;` ;; \n";
    assert_eq!(firesteel_syntax::parse_statements(text).unwrap(), ["select ';'", "select /* ; */ `;`"]);
}
