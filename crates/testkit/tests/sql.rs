//! One test for each file of `tests/sql` in each mode.

use firesteel_testkit::{KnownFailures, Mode, slt};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> Result<(), String> {
    let arguments = Arguments::from_args();
    let known = KnownFailures::read(&slt::corpus().join(slt::KNOWN_FAILURES)).map_err(|error| error.to_string())?;
    let mut trials = Vec::new();
    for (name, path) in slt::files()? {
        for mode in Mode::ALL {
            let (name, path, known) = (name.clone(), path.clone(), known.clone());
            trials.push(Trial::test(format!("{}::{name}", mode.name()), move || {
                slt::check_file(&name, &path, mode, &known).map_err(Failed::from)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
