//! One text through the front-end: included by the fuzz target and by `core/config/tests/fuzz_corpus.rs`.

use keepwatch_config::{Loaded, Style, convert, load_text};

/// Reads and renders; what is accepted must be acceptable to the engine and mean the same in the native format, and every finding must point into
/// the text that was put together. Octets that are no text are none of the front-end's business: `load` refuses them before.
pub(crate) fn read(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Loaded { source, findings, config } = load_text("fuzz.conf", text);
    assert_eq!(config.is_some(), !findings.has_errors(), "a configuration exactly if nothing is an error");
    for finding in findings.iter() {
        for label in finding.secondary.iter().chain([&finding.primary]) {
            assert!(source.text.get(label.span.clone()).is_some(), "{:?} of {finding:?}", label.span);
        }
    }
    assert_eq!(findings.render(&source, Style::Plain).is_empty(), findings.iter().next().is_none());
    let _ = findings.render(&source, Style::Colour);
    for instance in config.iter().flat_map(|config| &config.instances) {
        assert_eq!(instance.params().check(), Ok(()), "{}", instance.name);
    }
    if let Some(config) = config {
        let converted = convert(&config, &source.text);
        assert!(converted.wrong.is_empty(), "{:?}\n{}", converted.wrong, converted.text);
    }
}
