//! Whether the order of a query's rows is part of its answer.

/// Whether the words `ORDER BY` or `SORT BY` stand outside of all parentheses, quotes and comments.
pub fn sorts_at_top_level(sql: &str) -> bool {
    let mut outside = String::new();
    let mut depth = 0_usize;
    let mut rest = sql.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' | '"' | '`' => while rest.next().is_some_and(|inside| inside != character) {},
            '-' if rest.peek() == Some(&'-') => {
                while rest.next().is_some_and(|inside| inside != '\n') {}
                outside.push(' ');
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.extend(character.to_uppercase()),
            _ => {}
        }
    }
    let words: Vec<&str> = outside.split_whitespace().collect();
    words.windows(2).any(|pair| matches!(pair, ["ORDER" | "SORT", "BY"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_counts_at_the_top_level_only() {
        assert!(sorts_at_top_level("SELECT a FROM t\nORDER  BY a"));
        assert!(!sorts_at_top_level("SELECT * FROM (SELECT a FROM t ORDER BY a)"));
        assert!(!sorts_at_top_level("SELECT ' ORDER BY ' -- ORDER BY a"));
    }
}
