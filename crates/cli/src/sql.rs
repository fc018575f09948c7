//! `firesteel sql`: one statement, a file, or an interactive shell, on the embedded engine or on a server.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use firesteel_connect::client::RemoteSession;
use firesteel_service::Session;
use firesteel_syntax::parser::parse_statements;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, Helper, Highlighter, Hinter};

use crate::arguments::Sql;
use crate::configuration::Configuration;
use crate::server::Server;
use crate::{Failure, logging, table};

/// Where statements run.
enum Target {
    Embedded(Arc<Session>),
    Remote(Box<RemoteSession>),
}

/// A result with its column names.
type Rows = (Vec<String>, Vec<RecordBatch>);

pub fn run(options: &Sql) -> Result<(), Failure> {
    let mut configuration = Configuration::for_shell(&options.common)?;
    if options.common.log.is_none() {
        "error".clone_into(&mut configuration.log);
    }
    logging::start(&configuration)?;
    let server = Server::new(&configuration)?;
    let mut target = match &options.remote {
        Some(address) => Target::Remote(Box::new(server.waiting.block_on(RemoteSession::connect(address))?)),
        None => Target::Embedded(server.sessions.create(&user_name())?),
    };
    let text = match (&options.execute, &options.file) {
        (Some(statement), _) => Some(statement.clone()),
        (None, Some(path)) => Some(read_file(path)?),
        (None, None) if !std::io::IsTerminal::is_terminal(&std::io::stdin()) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            Some(text)
        }
        (None, None) => None,
    };
    match text {
        Some(text) => {
            for statement in parse_statements(&text)? {
                let rows = target.execute(&server, &statement)?;
                print(&rows)?;
            }
            Ok(())
        }
        None => interact(&server, &mut target),
    }
}

fn read_file(path: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure(format!("cannot read {}: {error}", path.display())))
}

fn user_name() -> String {
    std::env::var("USER").unwrap_or_else(|_| "user".to_owned())
}

impl Target {
    fn execute(&mut self, server: &Server, statement: &str) -> Result<Rows, Failure> {
        match self {
            Self::Embedded(session) => server.working.block_on(async {
                let (schema, batches) = session.sql(statement).await?.collect().await?;
                Ok((schema.iter().map(|field| field.name.clone()).collect(), batches))
            }),
            Self::Remote(session) => Ok(server.waiting.block_on(session.sql(statement))?),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result is what the command is for")]
fn print((names, batches): &Rows) -> Result<(), Failure> {
    if !names.is_empty() {
        print!("{}", table::render(names, batches)?);
    }
    Ok(())
}

/// Reads statements until the end of input. Errors are shown, and the shell goes on.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a shell speaks to its user")]
fn interact(server: &Server, target: &mut Target) -> Result<(), Failure> {
    let mut editor: Editor<Shell, FileHistory> = Editor::new()?;
    editor.set_helper(Some(Shell { words: completions() }));
    let history = history_path();
    if let Some(path) = &history {
        // No history yet is no error.
        let _ = editor.load_history(path);
    }
    println!("Firesteel {}. End a statement with a semicolon; \\q leaves.", env!("CARGO_PKG_VERSION"));
    loop {
        match editor.readline("sql> ") {
            Ok(line) if matches!(line.trim(), "\\q" | "exit" | "quit" | "exit;" | "quit;") => break,
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                editor.add_history_entry(line.as_str())?;
                if let Err(failure) = run_line(server, target, &line) {
                    eprintln!("{failure}");
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(path) = &history
        && let Err(error) = editor.save_history(path)
    {
        eprintln!("the history was not saved: {error}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a shell speaks to its user")]
fn run_line(server: &Server, target: &mut Target, line: &str) -> Result<(), Failure> {
    for statement in parse_statements(line)? {
        let started = Instant::now();
        let rows = target.execute(server, &statement)?;
        print(&rows)?;
        println!("{:.3} s", started.elapsed().as_secs_f64());
    }
    Ok(())
}

fn history_path() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    Some(PathBuf::from(home).join(".firesteel_history"))
}

/// Keywords that complete, and all functions.
fn completions() -> Vec<String> {
    const KEYWORDS: &[&str] = &[
        "ANTI JOIN",
        "BETWEEN",
        "CASE",
        "CREATE OR REPLACE TEMPORARY VIEW",
        "CROSS JOIN",
        "CUBE",
        "DESCRIBE",
        "DISTINCT",
        "DROP VIEW",
        "EXCEPT",
        "EXISTS",
        "EXPLAIN",
        "FROM",
        "FULL OUTER JOIN",
        "GROUP BY",
        "GROUPING SETS",
        "HAVING",
        "INNER JOIN",
        "INTERSECT",
        "INTERVAL",
        "LATERAL VIEW",
        "LEFT JOIN",
        "LIMIT",
        "NATURAL JOIN",
        "OFFSET",
        "ORDER BY",
        "OVER",
        "PARTITION BY",
        "PIVOT",
        "QUALIFY",
        "RIGHT JOIN",
        "ROLLUP",
        "SELECT",
        "SEMI JOIN",
        "SHOW FUNCTIONS",
        "SHOW TABLES",
        "TABLESAMPLE",
        "UNION ALL",
        "UNPIVOT",
        "USING",
        "VALUES",
        "WHERE",
        "WINDOW",
        "WITH",
    ];
    let functions = firesteel_service::function_names().into_iter().map(str::to_owned);
    KEYWORDS.iter().map(|word| (*word).to_owned()).chain(functions).collect()
}

/// Completion, and statements over several lines: a line is complete when a semicolon ends it.
#[derive(Helper, Highlighter, Hinter)]
struct Shell {
    words: Vec<String>,
}

impl Completer for Shell {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..position).unwrap_or(line);
        let start =
            before.rfind(|character: char| !character.is_alphanumeric() && character != '_').map_or(0, |at| at + 1);
        let word = before.get(start..).unwrap_or("").to_lowercase();
        if word.is_empty() {
            return Ok((position, Vec::new()));
        }
        let found = self.words.iter().filter(|candidate| candidate.to_lowercase().starts_with(&word));
        let pairs = found.map(|candidate| Pair { display: candidate.clone(), replacement: candidate.clone() });
        Ok((start, pairs.collect()))
    }
}

impl Validator for Shell {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input().trim();
        let is_complete =
            input.is_empty() || input.ends_with(';') || input.starts_with('\\') || matches!(input, "exit" | "quit");
        Ok(if is_complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}
