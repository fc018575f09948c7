//! Operators, predicates, calls and names.

use crate::render::{expression_of, query_of};
use firesteel_base::Origin;
use firesteel_syntax::ir::visit::{Visitor, walk_expression};
use firesteel_syntax::ir::{Expression, ExpressionKind};
use firesteel_syntax::{ParserOptions, parse_expression};

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(expression_of(text), *expected, "{text}");
    }
}

#[test]
fn operators_bind_as_in_spark() {
    check(&[
        ("a + b * c", "+(a, *(b, c))"),
        ("a - b - c", "-(-(a, b), c)"),
        ("(a + b) * c", "*(+(a, b), c)"),
        ("a || b || c", "concat(concat(a, b), c)"),
        ("a | b ^ c & d << 1 + 2", "|(a, ^(b, &(c, <<(d, +(1, 2)))))"),
        ("a >> 1 >>> 2", ">>>(>>(a, 1), 2)"),
        ("a > b", ">(a, b)"),
        ("a div b % c", "%(div(a, b), c)"),
        ("not a = b and c or d", "or(and(not(=(a, b)), c), d)"),
        ("a and b and c", "and(and(a, b), c)"),
        ("a and b and c and d", "and(and(a, b), and(c, d))"),
        ("a or b and c", "or(a, and(b, c))"),
        ("a <> b", "not(=(a, b))"),
        ("a != b", "not(=(a, b))"),
        ("a == b", "=(a, b)"),
        ("a <=> b", "<=>(a, b)"),
        ("a !> b", "<=(a, b)"),
        ("- a + -b", "+(negative(a), negative(b))"),
        ("-1 + - 2", "+(-1, -2)"),
        ("- -1", "negative(-1)"),
        ("-(1)", "negative(1)"),
        ("+a", "positive(a)"),
        ("~a", "~(a)"),
        ("1 -1", "-(1, 1)"),
        ("!a", "not(a)"),
        ("a = b is null", "isnull(=(a, b))"),
    ]);
}

#[test]
fn predicates() {
    check(&[
        ("a between 1 and 2 and b", "and(between(a, 1, 2), b)"),
        ("a not between 1 and 2", "not(between(a, 1, 2))"),
        ("a in (1, 2)", "in(a; 1, 2)"),
        ("a not in (select 1)", "not(in(a; {one > select 1}))"),
        ("(a, b) in (select 1, 2)", "in(a, b; {one > select 1, 2})"),
        ("a is true", "<=>(a, true)"),
        ("a is not false", "not(<=>(a, false))"),
        ("a is unknown", "isnull(a)"),
        ("a is not null", "isnotnull(a)"),
        ("a is distinct from b", "not(<=>(a, b))"),
        ("a is not distinct from b", "<=>(a, b)"),
        ("a like 'x%' escape '/'", "Like[One](a; 'x%'; /)"),
        ("a not ilike 'x'", "not(ILike[One](a; 'x'))"),
        ("a rlike b || c", "RLike[One](a; concat(b, c))"),
        ("a regexp 'x'", "RLike[One](a; 'x')"),
        ("a like any ('x', 'y')", "Like[Any](a; 'x', 'y')"),
        ("a not like all ('x')", "Like[All not](a; 'x')"),
        ("exists (select 1)", "exists{one > select 1}"),
        ("exists(a, x -> x > 1)", "exists(a, \\x.>(x, 1))"),
    ]);
}

#[test]
fn calls() {
    check(&[
        ("count(*)", "count(1)"),
        ("count(distinct *)", "count(distinct *)"),
        ("count(t.*)", "count(t.*)"),
        ("sum(distinct a) filter (where b > 0)", "sum(distinct a) filter(>(b, 0))"),
        (
            "percentile_cont(0.5) within group (order by a desc nulls last)",
            "percentile_cont(Decimal { unscaled: 5, precision: 1, scale: 1 }) within(a desc Last)",
        ),
        ("first(a ignore nulls)", "first(a) ignore nulls"),
        ("first(a) ignore nulls", "first(a) ignore nulls"),
        ("lag(a) respect nulls over w", "lag(a) respect nulls over w"),
        ("sum(a) over (w)", "sum(a) over w"),
        ("sum(a) over ()", "sum(a) over [ | ]"),
        (
            "sum(a) over (partition by b, c order by d rows between 1 preceding and unbounded following)",
            "sum(a) over [b, c | d Default Rows negative(1)..UnboundedFollowing]",
        ),
        ("sum(a) over (cluster by b range current row)", "sum(a) over [b |  Range CurrentRow..CurrentRow]"),
        ("f(x => 1, y)", "f(x => 1, y)"),
        ("transform(a, (x, i) -> x + i)", "transform(a, \\x,i.+(x, i))"),
        ("position('a' in b)", "locate('a', b)"),
        ("position('a', b)", "position('a', b)"),
        ("substring(a from 2 for 3)", "substring(a, 2, 3)"),
        ("substr(a, 2)", "substr(a, 2)"),
        ("trim(a)", "trim(a)"),
        ("trim(both from a)", "trim(a)"),
        ("trim(leading 'x' from a)", "ltrim('x', a)"),
        ("trim('x' from a)", "trim('x', a)"),
        ("overlay(a placing b from 3 for 1)", "overlay(a, b, 3, 1)"),
        ("extract(year from a)", "extract(year, a)"),
        ("dateadd(month, 1, a)", "timestampadd('month', 1, a)"),
        ("datediff(a, b)", "datediff(a, b)"),
        ("timestampdiff(HOUR, a, b)", "timestampdiff('HOUR', a, b)"),
        ("struct(a, b as c)", "struct(a, b as c)"),
        ("(a, b + 1, c as d)", "named_struct('a', a, 'col2', +(b, 1), 'd', c as d)"),
        ("identifier('a.b')", "a.b"),
        ("identifier('ab' || 's')(1)", "abs(1)"),
        ("identifier(:name)(1)", "identifier(Named(\"name\"))(1)"),
        ("left(a, 1)", "left(a, 1)"),
        ("if(a, b, c)", "if(a, b, c)"),
    ]);
}

#[test]
fn operands() {
    check(&[
        ("a.b.c", "a.b.c"),
        ("(a).b", "a.b"),
        ("f(a).b", "f(a)['b']"),
        ("a[0].b", "a[0]['b']"),
        ("a['k']", "a['k']"),
        ("a:b.c[0]", "variant_get(a, '$.b.c[0]') as c"),
        ("a:['b'] + 1", "+(variant_get(a, '$['b']'), 1)"),
        ("a collate utf8_lcase", "collate(a, utf8_lcase)"),
        ("cast(a as int)", "cast[Session](a as Integer)"),
        ("try_cast(a as int)", "cast[Try](a as Integer)"),
        ("-1::string", "cast[Session](-1 as String { collation: None })"),
        ("case a when 1 then 2 else 3 end", "case(=(a, 1) -> 2 else 3)"),
        ("case when a then b end", "case(a -> b)"),
        ("current_date", "current_date"),
        ("(select 1)", "scalar{one > select 1}"),
        ("((select 1) + 1)", "+(scalar{one > select 1}, 1)"),
        ("((select 1) union select 2)", "scalar{(one > select 1 Union one > select 2)}"),
        ("(((select 1)))", "scalar{one > select 1}"),
        ("* except (a, b.c)", "*-(a,b.c)"),
        ("t.*", "t.*"),
        ("? + :a", "+(Positional(0), Named(\"a\"))"),
        ("a as `x``y`", "a as x`y"),
        ("explode(m) as (k, v)", "explode(m) as k|v"),
        ("1 from", "1 as from"),
    ]);
}

#[test]
fn keywords_are_names() {
    check(&[
        ("select.from", "select.from"),
        ("date", "date"),
        ("interval", "interval"),
        ("case", "case"),
        ("left.right", "left.right"),
        ("values + 1", "+(values, 1)"),
        ("first", "first"),
        ("timestamp(a)", "timestamp(a)"),
    ]);
    assert_eq!(query_of("select 1 from from t"), "t > select 1 as from");
    assert_eq!(query_of("select a limit, b where from t limit"), "{t} as limit > select a as limit, b as where");
}

fn spans(text: &str) -> Vec<(String, u32, u32)> {
    struct Spans(Vec<(String, u32, u32)>);
    impl Visitor for Spans {
        fn expression(&mut self, expression: &mut Expression) -> firesteel_base::SparkResult<()> {
            if let (ExpressionKind::Function(call), Origin::Sql(origin)) = (&expression.kind, &expression.origin) {
                self.0.push((call.name.join("."), origin.start, origin.stop));
            }
            Ok(())
        }
    }
    let mut spans = Spans(Vec::new());
    let mut expression = parse_expression(text, &ParserOptions::default()).unwrap();
    walk_expression(&mut expression, &mut spans).unwrap();
    spans.0
}

#[test]
fn spans_are_those_of_spark() {
    let expect = |text: &str, expected: &[(&str, u32, u32)]| {
        let expected: Vec<(String, u32, u32)> =
            expected.iter().map(|(name, start, stop)| ((*name).to_owned(), *start, *stop)).collect();
        assert_eq!(spans(text), expected, "{text}");
    };
    expect("1/0", &[("/", 0, 2)]);
    expect("(1 + a) * f(b) AS c", &[("+", 1, 5), ("f", 10, 13), ("*", 0, 13)]);
    expect("a BETWEEN 1 AND b", &[("between", 2, 16)]);
    expect("a AND b AND c", &[("and", 0, 12), ("and", 0, 12)]);
    // Characters count, not bytes.
    expect("'é😀' || f(a)", &[("f", 8, 11), ("concat", 0, 11)]);
}
