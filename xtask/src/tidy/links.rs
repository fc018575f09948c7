//! Links between the project's documents lead somewhere.

use std::path::Path;

use super::{Problem, read, relative, walk};

pub fn check(root: &Path) -> Result<Vec<Problem>, String> {
    let mut documents = Vec::new();
    walk(root, "md", &mut documents)?;
    let mut problems = Vec::new();
    for document in &documents {
        let text = read(document)?;
        let directory = document.parent().unwrap_or(root);
        for (number, target) in targets(&text) {
            if is_external(target) {
                continue;
            }
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !directory.join(file).exists() {
                problems.push(format!("{}:{number}: the link {target} leads nowhere", relative(root, document)));
            }
        }
    }
    Ok(problems)
}

fn is_external(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// Targets of `[text](target)` outside code, with the numbers of their lines.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, behind)) = after.split_once(')') else { break };
            found.push((index + 1, target.split(' ').next().unwrap_or_default()));
            rest = behind;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_outside_code() {
        let text = "See [a](a.md) and [b](b.md#part \"title\").\n```\n[c](c.md)\n```\n";
        assert_eq!(targets(text), [(1, "a.md"), (1, "b.md#part")]);
    }
}
