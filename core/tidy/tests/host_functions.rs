//! The book's table of host functions against the contract, the SDK and the Rhai runtime.

use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_all(folder: &str, ending: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut texts = String::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|found| found == ending) {
            texts += &std::fs::read_to_string(&path).unwrap();
        }
    }
    texts
}

/// `INTERFACE.FUNCTION` of the contract.
fn functions() -> Vec<String> {
    let mut interface = String::new();
    let mut found = Vec::new();
    for line in read("sdk/wit/1.0/plugin.wit").lines() {
        if let Some(name) = line.strip_prefix("interface ") {
            interface = name.trim_end_matches(" {").to_owned();
        } else if let Some((name, _)) = line.trim_start().split_once(": func(") {
            found.push(format!("{interface}.{name}"));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// The words in code of a table's cell.
fn code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rows of the page's tables whose second cell is a function of the contract.
fn rows() -> Vec<Vec<Vec<String>>> {
    let page = read("book/src/host-functions.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains('.'));
    let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(code).collect::<Vec<_>>());
    cells.filter(|cells| cells.get(1).is_some_and(|wit| wit.iter().any(|name| name.contains('.')))).collect()
}

#[test]
fn every_function_of_the_contract_has_its_row() {
    let listed: Vec<String> = rows().into_iter().flat_map(|row| row[1].clone()).collect();
    let (mut listed, mut functions) = (listed, functions());
    functions.sort();
    listed.sort();
    assert_eq!(listed, functions);
}

#[test]
fn the_sdk_has_what_the_table_says() {
    let mut seen = 0;
    for row in rows() {
        for name in &row[2] {
            if let Some(name) = name.strip_suffix('!') {
                assert!(read("sdk/rust/src/log.rs").contains(&format!("macro_rules! {name}")), "{name}!");
            } else if let Some((module, function)) = name.split_once("::") {
                let file = match module {
                    "Request" => "http",
                    "Mail" => "notify",
                    module => &module.to_ascii_lowercase(),
                };
                let source = read(&format!("sdk/rust/src/{file}.rs"));
                let found = ["(", "<"].iter().any(|next| source.contains(&format!("fn {function}{next}")));
                assert!(found, "{name}");
            } else {
                continue;
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn rhai_has_what_the_table_says() {
    let natives = read_all("plugins/rhai/src/natives", "rs");
    let mut seen = 0;
    let calls = rows().into_iter().filter(|row| row.len() > 4);
    for name in calls.flat_map(|row| row[3].clone()).filter(|name| name != "config") {
        assert!(natives.contains(&format!("\"{name}\"")), "{name}");
        seen += 1;
    }
    assert!(seen > 15, "{seen}");
}
