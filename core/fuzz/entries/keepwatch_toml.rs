//! One native text through the front-end: included by the fuzz target and by `core/config/tests/fuzz_corpus.rs`.

use std::fs;

use keepwatch_config::{Style, load_site};

/// Reads and renders; what is accepted must be acceptable to the engine, and every finding must point into its text.
pub(crate) fn read(octets: &[u8]) {
    // Files without end are nobody's configuration.
    if octets.windows(4).any(|four| four == b"/dev" || four == b"proc") {
        return;
    }
    // Nor are other files: what is included is in the same folder.
    let includes = octets.windows(7).any(|seven| seven == b"include");
    if includes && octets.iter().any(|octet| matches!(octet, b'/' | b'\\')) {
        return;
    }
    let thread = format!("{:?}", std::thread::current().id());
    let folder = std::env::temp_dir().join(format!("keepwatch-fuzz-{}-{thread}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("keepwatch.toml");
    fs::write(&file, octets).unwrap();
    let site = load_site(&file);
    fs::remove_file(&file).unwrap();
    // Octets that are no text are refused before.
    let Ok(site) = site else { return };
    let errors = site.texts.iter().any(|(_, findings)| findings.has_errors());
    assert_eq!(site.config.is_some(), !errors, "a configuration exactly if nothing is an error");
    for (source, findings) in &site.texts {
        for finding in findings.iter() {
            for label in finding.secondary.iter().chain([&finding.primary]) {
                assert!(source.text.get(label.span.clone()).is_some(), "{:?} of {finding:?}", label.span);
            }
        }
    }
    let _ = (site.render(Style::Plain), site.render(Style::Colour));
    for instance in site.config.iter().flat_map(|config| &config.instances) {
        assert_eq!(instance.params().check(), Ok(()), "{}", instance.name);
    }
}
