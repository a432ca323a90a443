//! Documents are tested too: configurations in the book, the README and the examples are read as `check` would.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Markdown files: README, the book, and the READMEs of the examples.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(root().join("book/src")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.push(root().join("README.md"));
    for examples in ["examples", "examples/plugins"] {
        for folder in std::fs::read_dir(root().join(examples)).unwrap() {
            let page = folder.unwrap().path().join("README.md");
            pages.extend(page.exists().then_some(page));
        }
    }
    assert!(pages.contains(&root().join("examples/hooks.d/README.md")));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    assert!(pages.len() >= 5);
    pages
}

/// The fenced blocks of a page in this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line.trim_start().strip_prefix("```")) {
            (None, Some(found)) if found == language => block = Some(String::new()),
            (Some(_), Some(_)) => blocks.extend(block.take()),
            (Some(block), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn configurations_in_documents_are_valid() {
    let mut seen = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap(), "keepalived") {
            seen += 1;
            let loaded = keepwatch_config::load_text("block", block.as_str());
            let findings = loaded.findings.render(&loaded.source, keepwatch_config::Style::Plain);
            assert!(loaded.config.is_some(), "{}:\n{block}\n{findings}", page.display());
        }
    }
    assert!(seen > 0, "no configuration in any document");
}

/// Parts of a keepwatch.toml: what they leave out is where the instances are.
#[test]
fn native_configurations_in_documents_are_valid() {
    let folder = std::env::temp_dir().join(format!("keepwatch-tidy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(root().join("examples/haproxy-pair/h1.conf"), folder.join("keepalived.conf")).unwrap();
    let mut seen = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap(), "toml") {
            seen += 1;
            let file = folder.join("keepwatch.toml");
            // A part of a file may leave the instances out; a whole one names a file that is not here.
            let whole = "keepalived = \"/etc/keepalived/keepalived.conf\"\n";
            let block = block.replace(whole, "");
            let needs_instances = !block.contains("virtual_router_id");
            let first = if needs_instances { "keepalived = \"keepalived.conf\"\n" } else { "" };
            std::fs::write(&file, format!("{first}{block}")).unwrap();
            let site = keepwatch_config::load_site(&file).unwrap();
            let findings = site.render(keepwatch_config::Style::Plain);
            assert!(site.config.is_some(), "{}:\n{block}\n{findings}", page.display());
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(seen >= 3, "no native configuration in any document");
}

#[test]
fn examples_are_valid() {
    let mut seen = 0;
    for folder in std::fs::read_dir(root().join("examples")).unwrap() {
        let folder = folder.unwrap().path();
        assert!(folder.join("README.md").exists(), "{} has no README.md", folder.display());
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "conf") {
                seen += 1;
                let loaded = keepwatch_config::load(&file).unwrap();
                assert!(loaded.config.is_some(), "{}", file.display());
            }
        }
    }
    assert!(seen >= 2);
}

/// Natively written examples, with the files they name. HAProxy's own is read by HAProxy, in the demo's test.
#[test]
fn native_examples_are_valid() {
    let mut seen = 0;
    for folder in std::fs::read_dir(root().join("examples")).unwrap() {
        let file = folder.unwrap().path().join("keepwatch.toml");
        if !file.exists() {
            continue;
        }
        seen += 1;
        let site = keepwatch_config::load_site(&file).unwrap();
        let findings = site.render(keepwatch_config::Style::Plain);
        let config = site.config.unwrap_or_else(|| panic!("{}:\n{findings}", file.display()));
        for plugin in &config.extensions.plugins {
            assert!(plugin.file.exists(), "{}: {} is not there", file.display(), plugin.file.display());
        }
    }
    assert!(seen >= 2);
}

/// Who opens an example's folder finds each file explained.
#[test]
fn the_examples_files_are_explained() {
    for folder in ["examples/haproxy-pair", "examples/mail-and-chat"] {
        let readme = read(&format!("{folder}/README.md"));
        for file in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(name == "README.md" || readme.contains(&format!("`{name}`")), "{name} is not explained");
        }
    }
}

/// A block of code after `<!-- PATH -->` is that file, or a part of it. Without: nothing is said about it.
#[test]
fn code_in_the_book_is_that_of_the_examples() {
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for part in text.split("<!-- examples/").skip(1) {
            let (path, rest) = part.split_once(" -->\n```").unwrap_or_else(|| panic!("{}", page.display()));
            let (_, code) = rest.split_once('\n').unwrap();
            let (code, _) = code.split_once("```").unwrap();
            seen += 1;
            let found = read(&format!("examples/{path}")).contains(code);
            assert!(found, "{}: this is not in examples/{path}:\n{code}", page.display());
        }
    }
    assert!(seen >= 4, "only {seen} blocks of code in the book are compared");
}

/// Each example of a plugin is a project of its own, with its component beside it.
#[test]
fn plugin_examples_are_whole() {
    let mut seen = 0;
    for folder in std::fs::read_dir(root().join("examples/plugins")).unwrap() {
        let folder = folder.unwrap().path();
        let manifest = folder.join("Cargo.toml");
        if !manifest.exists() {
            continue;
        }
        seen += 1;
        let name = folder.file_name().unwrap().to_str().unwrap();
        for file in ["README.md", "Cargo.lock", "src/lib.rs", "src/tests.rs", &format!("{name}.wasm")] {
            assert!(folder.join(file).exists(), "examples/plugins/{name} has no {file}");
        }
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert!(manifest.contains("\n[workspace]\n"), "examples/plugins/{name} is no workspace of its own");
        let ci = read(".ci/examples");
        assert!(ci.contains(&format!("examples/plugins/{name} ")), ".ci/examples does not build {name}");
    }
    assert!(seen >= 2);
}

#[test]
fn ci_runs_what_the_readme_says() {
    let readme = read("README.md");
    let commands: Vec<String> =
        blocks(&readme, "sh").iter().flat_map(|block| block.lines()).map(str::to_owned).collect();
    let ci = read(".ci/run");
    for command in ["cargo run --release -- demo", "cargo test --workspace"] {
        assert!(commands.iter().any(|line| line == command), "the README does not say: {command}");
        assert!(ci.contains(command), ".ci/run does not run: {command}");
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = read("book/src/SUMMARY.md");
    for page in pages() {
        let name = page.file_name().unwrap().to_str().unwrap();
        if page.parent().unwrap().ends_with("src") && name != "SUMMARY.md" {
            assert!(summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
        }
    }
    for line in summary.lines() {
        if let Some(link) = line.split('(').nth(1).and_then(|rest| rest.split(')').next()) {
            assert!(root().join("book/src").join(link).exists(), "{link} is not there");
        }
    }
}

#[test]
fn exit_codes_in_the_book_are_those_of_the_program() {
    let program = read("core/keepwatch/src/exit.rs");
    let book = read("book/src/quick-start.md");
    let mut seen = 0;
    for line in program.lines() {
        let Some(code) = line.strip_prefix("pub(crate) const ").and_then(|rest| rest.split(" = ").nth(1))
        else {
            continue;
        };
        seen += 1;
        let code = code.trim_end_matches(';');
        assert!(book.contains(&format!("| {code} |")), "exit code {code} is not in the book's table");
    }
    assert!(seen >= 4);
}

/// All words that the control socket's protocol has stand on its page.
#[test]
fn the_protocol_is_on_its_page() {
    let page = read("book/src/status.md");
    let (mut words, snake) = (Vec::new(), |name: &str| {
        let mut word = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    });
    for (file, name) in
        [("request", "Request"), ("refusal", "Code"), ("answer", "Answer"), ("answer", "Because")]
    {
        let source = read(&format!("core/control/src/{file}.rs"));
        let body =
            source.split(&format!("pub enum {name} {{\n")).nth(1).unwrap().split("\n}").next().unwrap();
        let variants = body.lines().map(str::trim).filter(|line| line.starts_with(char::is_uppercase));
        words.extend(variants.map(|line| snake(line.trim_end_matches(',').split('(').next().unwrap())));
    }
    let fields = read("core/control/src/events_request.rs");
    let body = fields.split("pub struct EventsRequest {\n").nth(1).unwrap().split("\n}").next().unwrap();
    words.extend(
        body.lines()
            .filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next())
            .map(str::to_owned),
    );
    assert!(words.len() > 20);
    for word in words.iter().filter(|word| !["unknown", "event"].contains(&word.as_str())) {
        let said = [format!("`{word}`"), format!("\"{word}\"")].iter().any(|said| page.contains(said));
        assert!(said, "{word} is not on the page of the protocol");
    }
}
