//! The LAN itself, tried out: what the end-to-end tests rely on.
//!
//! Needs root or user namespaces, and nft and ip for some tests. What cannot run says why on one line; with CI=1
//! or CI=true in the environment it fails instead.

mod filters;
mod pings;
mod support;
mod switch;
mod tcp;
mod web;

use std::process::ExitCode;

use keepwatch_lab::{Enclosed, enclose};
use libtest_mimic::{Arguments, Failed, Trial};

/// Some measure: few at once disturb each other less.
const AT_ONCE: usize = 2;

/// A test: its name, the program that it needs besides namespaces, and what it does.
struct Case {
    name: &'static str,
    needs: Option<Program>,
    run: fn() -> Result<(), Failed>,
}

/// A program at this path, from this Debian package.
#[derive(Clone, Copy)]
struct Program(&'static str, &'static str);

const NFT: Program = Program("/usr/sbin/nft", "nftables");
const IP: Program = Program("/usr/sbin/ip", "iproute2");

impl Program {
    /// Why a test that needs this cannot run here.
    fn missing(self) -> Option<String> {
        let Self(path, package) = self;
        let is_there = std::path::Path::new(path).exists();
        (!is_there).then(|| format!("{path} is not installed (apt-get install {package})"))
    }
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "1" || value == "true")
}

fn main() -> ExitCode {
    match enclose() {
        Ok(Enclosed::Inside { .. }) => {}
        Ok(Enclosed::Outside(code)) => return ExitCode::from(code),
        Err(error) => {
            eprintln!("the tests in namespaces are not run: {error}");
            return if in_ci() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let groups = [filters::CASES, pings::CASES, switch::CASES, tcp::CASES, web::CASES];
    let trials = groups.into_iter().flatten().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(case: &'static Case) -> Trial {
    let Some(why) = case.needs.and_then(Program::missing) else {
        return Trial::test(case.name, case.run);
    };
    if in_ci() {
        return Trial::test(case.name, move || Err(why.into()));
    }
    eprintln!("{} is not run: {why}", case.name);
    Trial::test(case.name, || Ok(())).with_ignored_flag(true)
}
