//! Running a program to its end.

use std::io;
use std::process::{Command, Stdio};

use crate::namespace::Namespace;

/// Runs a program in a namespace and gives its standard output. `arguments` are separated by blanks; there is no
/// quoting.
pub(crate) fn run(namespace: &Namespace, program: &str, arguments: &str) -> io::Result<String> {
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace()).env("PATH", path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = namespace
        .spawn(&mut command)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot run {program}: {error}")))?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let text = format!("{program} {arguments}: {}: {}", output.status, said.trim());
        return Err(io::Error::other(text));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `nft` and `bridge` are where an ordinary user's path does not look.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
