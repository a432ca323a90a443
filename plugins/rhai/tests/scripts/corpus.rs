//! Scripts, each with what becomes of it: `tests/corpus/NAME.rhai` beside `NAME.expected`, which holds the findings
//! that refuse it, or what it needs and what it does when an instance becomes MASTER. The expected files are checked
//! by hand; `KEEPWATCH_WRITE_EXPECTED=1` writes new ones to be checked.

use std::fs;
use std::path::{Path, PathBuf};

use keepwatch_host::diagnostic::Style;

use crate::support::{Setup, Trial, compile_at};

#[tokio::test]
async fn every_script_does_what_is_expected() {
    let write = std::env::var_os("KEEPWATCH_WRITE_EXPECTED").is_some();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in corpus() {
        let found = digest(&path).await;
        let expected = path.with_extension("expected");
        if write && !expected.exists() {
            fs::write(&expected, &found).unwrap();
        }
        if fs::read_to_string(&expected).ok().as_deref() != Some(found.as_str()) {
            wrong.push(format!("=== {}\n{found}", path.display()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "{count}");
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "rhai"));
    files.sort();
    files
}

/// What becomes of a script, with the project's folder written as `.`.
async fn digest(path: &Path) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).display().to_string();
    let program = match compile_at(path, &fs::read_to_string(path).unwrap()).await {
        Ok(program) => program,
        Err(refusal) => return refusal.render(Style::Plain).replace(&here, ".") + "\n",
    };
    let mut digest = Vec::new();
    digest.extend(program.files().iter().map(|file| format!("reads {}", file.display()).replace(&here, ".")));
    digest.extend(program.manifest().needs.iter().map(|need| format!("needs {:?}", need.what)));
    match Trial::of(&*program, Setup::default()).await {
        Err(failure) => digest.push(format!("does not start: {failure}")),
        Ok(mut trial) => {
            let outcome = trial.master().await;
            digest.extend(trial.told());
            digest.push(outcome.map_or_else(|failure| failure.to_string(), |outcome| format!("{outcome:?}")));
        }
    }
    digest.join("\n") + "\n"
}
