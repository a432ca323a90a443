//! Certificates and keys in files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::words::plain;

/// The longest file, in octets. A host's whole bundle has a quarter of a MiB.
const LONGEST: u64 = 4 << 20;

/// The certificates in a file, at least one. `what` it is, for the errors: `CA file`.
///
/// # Errors
///
/// The file cannot be read, or holds none.
pub fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(what, path)?;
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(format!("the {what} {} holds no certificate as PEM", path.display()));
    }
    Ok(found)
}

/// The private key in a file.
///
/// # Errors
///
/// The file cannot be read, or holds none that is not encrypted.
pub fn private_key(what: &str, path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(what, path)?;
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| format!("the {what} {} is none as PEM, or is encrypted", path.display()))
}

/// A file of moderate size.
///
/// # Errors
///
/// It cannot be read, or is too long.
pub fn read(what: &str, path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut octets));
    read.map_err(|error| format!("the {what} {shown} cannot be read: {}", plain(&error)))?;
    if octets.len() as u64 > LONGEST {
        return Err(format!("the {what} {shown} holds more than 4 MiB, which is too much for one"));
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_hold_something_else() {
        for (path, why) in [
            ("/nowhere/ca.pem", "the CA file /nowhere/ca.pem cannot be read: No such file or directory"),
            ("/dev/null", "the CA file /dev/null holds no certificate as PEM"),
            ("/dev/zero", "the CA file /dev/zero holds more than 4 MiB, which is too much for one"),
        ] {
            assert_eq!(certificates("CA file", Path::new(path)), Err(why.to_owned()));
        }
        let why = private_key("key", Path::new("/dev/null")).unwrap_err();
        assert_eq!(why, "the key /dev/null is none as PEM, or is encrypted");
    }
}
