//! `conformance golden`: the pass rate of Spark's golden SQL cases by file and in total. `conformance sql`: the same of
//! the project's own corpus. `--check` fails when a step fails that is not on the list of known failures, `--update`
//! takes steps off the list that pass now.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use firesteel_testkit::{KnownFailures, Mode, golden, root, slt};
use serde_json::{Value, json};

#[derive(Parser)]
#[command(about = "Pass rates of the corpora")]
struct Arguments {
    suite: Suite,
    /// Only files whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Fail when a step fails that is not on the list of known failures.
    #[arg(long)]
    check: bool,
    /// Take steps off the list of known failures that pass now. An absent list is made.
    #[arg(long)]
    update: bool,
    /// Print what is wrong with each failing step.
    #[arg(long)]
    verbose: bool,
    /// Run one file in this process and print a JSON line for each step.
    #[arg(long, hide = true)]
    child: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    Golden,
    Sql,
}

/// A file's steps: `None` where one passes.
struct FileReport {
    name: String,
    steps: Vec<Option<String>>,
}

/// How long a file may take before its process is ended.
const FILE_LIMIT: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.child {
        Some(path) => run_child(arguments.suite, path),
        None => run(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

impl Suite {
    fn title(self) -> &'static str {
        match self {
            Self::Golden => "Golden SQL cases",
            Self::Sql => "The .slt corpus",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Golden => "golden",
            Self::Sql => "sql",
        }
    }

    fn list(self) -> PathBuf {
        match self {
            Self::Golden => root().join("tests/conformance/golden-known-failures.txt"),
            Self::Sql => slt::corpus().join(slt::KNOWN_FAILURES),
        }
    }

    fn list_head(self) -> &'static str {
        match self {
            Self::Golden => {
                "# Steps of Spark's golden SQL cases that do not pass yet: file and numbers of steps. May only shrink.\n\
                 # Written by `make conformance-update`.\n"
            }
            Self::Sql => {
                "# Statements of the corpus that do not pass yet: file and their numbers in it. May only shrink.\n\
                 # Written by `make conformance-update`.\n"
            }
        }
    }

    /// `None` where the cases are absent.
    fn files(self) -> Result<Option<Vec<(String, PathBuf)>>, String> {
        match self {
            Self::Golden => golden::directory().map(|directory| golden::files(&directory)).transpose(),
            Self::Sql => slt::files().map(Some),
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    let suite = arguments.suite;
    let Some(mut files) = suite.files()? else {
        println!("{}: ../shared/golden is absent, skipped", suite.title());
        return Ok(true);
    };
    if let Some(part) = &arguments.only {
        files.retain(|(name, _)| name.contains(part));
    }
    let mut reports = run_files(suite, files)?;
    reports.sort_by(|left, right| left.name.cmp(&right.name));
    let known = KnownFailures::read(&suite.list()).map_err(|error| error.to_string())?;
    print_reports(suite, &reports, &known, arguments.verbose);
    write_details(suite, &reports)?;
    let first_time = !suite.list().exists();
    if arguments.update {
        update(suite, &reports, &known, first_time)?;
    }
    Ok(!arguments.check || !reports.iter().any(|report| has_regression(report, &known)))
}

fn has_regression(report: &FileReport, known: &KnownFailures) -> bool {
    failing(report).any(|(step, _)| !known.contains(&report.name, step))
}

fn failing(report: &FileReport) -> impl Iterator<Item = (usize, &str)> {
    let steps = report.steps.iter().enumerate();
    steps.filter_map(|(index, problem)| problem.as_deref().map(|problem| (index + 1, problem)))
}

fn print_reports(suite: Suite, reports: &[FileReport], known: &KnownFailures, verbose: bool) {
    let (mut passed, mut total, mut done) = (0, 0, 0);
    for report in reports {
        let failures: Vec<_> = failing(report).collect();
        passed += report.steps.len() - failures.len();
        total += report.steps.len();
        done += (1..=report.steps.len())
            .filter(|step| known.contains(&report.name, *step) && failures.iter().all(|(failed, _)| failed != step))
            .count();
        println!("{:>5} of {:>5}  {}", report.steps.len() - failures.len(), report.steps.len(), report.name);
        for (step, problem) in failures {
            let regression = !known.is_empty() && !known.contains(&report.name, step);
            if verbose || regression {
                println!("{}{}:{step}: {problem}", if regression { "NEW FAILURE " } else { "" }, report.name);
            }
        }
    }
    let percent = if total == 0 { 0.0 } else { 100.0 * f64::from(passed_u32(passed)) / f64::from(passed_u32(total)) };
    println!("{}: {passed} of {total} steps pass ({percent:.1} %)", suite.title());
    if done > 0 {
        println!("{done} known failures pass now: `make conformance-update` takes them off the list");
    }
}

fn passed_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Keeps what is wrong with every failing step beside the build's other output.
fn write_details(suite: Suite, reports: &[FileReport]) -> Result<(), String> {
    let cache = match std::env::var_os("FIRESTEEL_CACHE") {
        Some(named) => PathBuf::from(named),
        None => std::env::home_dir().unwrap_or_default().join(".cache/firesteel"),
    };
    let directory = cache.join("conformance");
    let mut text = String::new();
    for report in reports {
        for (step, problem) in failing(report) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "=== {}:{step}: {problem}", report.name);
        }
    }
    let path = directory.join(format!("{}.txt", suite.argument()));
    std::fs::create_dir_all(&directory)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    println!("details: {}", path.display());
    Ok(())
}

/// Writes the list without what passes. A failing step comes onto it only when there was no list.
fn update(suite: Suite, reports: &[FileReport], known: &KnownFailures, first_time: bool) -> Result<(), String> {
    let mut list = KnownFailures::default();
    for report in reports {
        for (step, _) in failing(report) {
            if first_time || known.contains(&report.name, step) {
                list.insert(&report.name, step);
            }
        }
    }
    list.write(&suite.list(), suite.list_head()).map_err(|error| error.to_string())?;
    println!("{} known failures, were {}", list.len(), known.len());
    Ok(())
}

/// Each file in a process of its own, two at a time: one that dies takes no other along.
fn run_files(suite: Suite, files: Vec<(String, PathBuf)>) -> Result<Vec<FileReport>, String> {
    let queue = Mutex::new(VecDeque::from(files));
    let reports = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    loop {
                        let next = queue.lock().map_err(|error| error.to_string())?.pop_front();
                        let Some((name, path)) = next else { return Ok(()) };
                        let report = run_file(suite, name, &path)?;
                        reports.lock().map_err(|error| error.to_string())?.push(report);
                    }
                })
            })
            .collect();
        tasks.into_iter().try_for_each(|task| task.join().unwrap_or_else(|_| Err("a worker died".to_owned())))
    })?;
    reports.into_inner().map_err(|error| error.to_string())
}

fn run_file(suite: Suite, name: String, path: &Path) -> Result<FileReport, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let limit = FILE_LIMIT.as_secs().to_string();
    let output = Command::new("timeout")
        .arg(limit)
        .arg(program)
        .args([suite.argument(), "--child"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut steps = Vec::new();
    for line in text.lines() {
        let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
        if let Some(total) = value.get("total").and_then(Value::as_u64) {
            // What the process did not come to has failed.
            steps.resize(usize::try_from(total).unwrap_or_default(), Some("the process ended before it".to_owned()));
        }
        let step = value.get("step").and_then(Value::as_u64).and_then(|step| usize::try_from(step).ok());
        if let Some(slot) = step.and_then(|step| steps.get_mut(step.wrapping_sub(1))) {
            *slot = value.get("problem").and_then(Value::as_str).map(str::to_owned);
        }
    }
    if steps.is_empty() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {error}"));
    }
    Ok(FileReport { name, steps })
}

fn run_child(suite: Suite, path: &Path) -> Result<bool, String> {
    match suite {
        Suite::Golden => {
            let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
            let case: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let total = case.get("steps").and_then(Value::as_array).map_or(0, Vec::len);
            print_line(&json!({ "total": total }))?;
            let directory = golden::directory().ok_or("../shared/golden is absent")?;
            golden::run_file(&directory, path, |step, problem| {
                // A closed pipe ends the parent's interest, and with it this process.
                let _ = print_line(&json!({ "step": step, "problem": problem }));
            })?;
        }
        Suite::Sql => {
            let (total, failures) = slt::run_file(path, Mode::Default)?;
            print_line(&json!({ "total": total }))?;
            for step in 1..=total {
                let failure = failures.iter().find(|failure| failure.step == step);
                print_line(&json!({ "step": step, "problem": failure.map(|failure| &failure.text) }))?;
            }
        }
    }
    // Steps that ran out of time may still run: nothing waits for them.
    std::process::exit(0)
}

fn print_line(value: &Value) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{value}").and_then(|()| output.flush()).map_err(|error| error.to_string())
}
