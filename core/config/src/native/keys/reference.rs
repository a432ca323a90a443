//! The reference of a keepwatch.toml, for the book.

use super::shape::{Key, Shape, Table};
use super::{ROOT, TABLES};

/// Tables of all keys, in Markdown.
#[must_use]
pub fn reference() -> String {
    let above = format!("## Above all tables\n\n{}", of_keys(&[ROOT]) + &of_inner(ROOT.iter()));
    std::iter::once(above).chain(TABLES.iter().map(of_table)).collect::<Vec<_>>().join("\n")
}

fn of_table(table: &Table) -> String {
    let mut out = format!("## `[{}.NAME]`\n\n{}\n\n", table.kind, table.means);
    if !table.common.is_empty() {
        out.push_str(&of_keys(table.common));
    }
    for sort in table.sorts {
        let by: Vec<String> = sort.by.iter().map(|by| format!("`{by}`")).collect();
        let by = by.join(" or ");
        out.push_str(&format!("\nWith {by}, {}:\n\n{}", sort.means, of_keys(&[sort.keys])));
    }
    let keys = table.common.iter().copied().chain(table.sorts.iter().map(|sort| sort.keys)).flatten();
    out + &of_inner(keys)
}

/// The tables that stand in values of these keys, and those in them, each once, with the key that has it first.
fn of_inner(keys: impl Iterator<Item = &'static Key>) -> String {
    let (mut known, mut out) = (Vec::<&[Key]>::new(), String::new());
    // Those that come first stand last.
    let mut open: Vec<&Key> = keys.collect();
    open.reverse();
    while let Some(key) = open.pop() {
        for keys in tables_in(&key.shape) {
            if !known.iter().any(|known| std::ptr::eq(*known, keys)) {
                known.push(keys);
                out.push_str(&format!("\nA table in `{}`:\n\n{}", key.name, of_keys(&[keys])));
                open.extend(keys.iter().rev());
            }
        }
    }
    out
}

fn tables_in(shape: &Shape) -> Vec<&'static [Key]> {
    match shape {
        Shape::Table(keys, _) => vec![keys],
        Shape::List(inner) | Shape::Map(inner) => tables_in(inner),
        Shape::Either(shapes) => shapes.iter().flat_map(tables_in).collect(),
        Shape::Text(_)
        | Shape::Path(_)
        | Shape::Duration
        | Shape::Pause
        | Shape::Seconds
        | Shape::Size
        | Shape::Flag
        | Shape::Whole(..)
        | Shape::Words(_)
        | Shape::Anything => Vec::new(),
    }
}

fn of_keys(lists: &[&[Key]]) -> String {
    let mut out = "| key | value | means | default |\n|---|---|---|---|\n".to_owned();
    for key in lists.iter().flat_map(|keys| keys.iter()) {
        let Key { name, shape, means, default } = key;
        out.push_str(&format!("| `{name}` | {} | {means} | {default} |\n", words(shape)));
    }
    out
}

fn words(shape: &Shape) -> String {
    match shape {
        Shape::Text(example) => format!("text, `\"{example}\"`"),
        Shape::Path(example) => format!("path, `\"{example}\"`"),
        Shape::Duration => "duration".to_owned(),
        Shape::Seconds => "duration, whole seconds".to_owned(),
        Shape::Pause => "duration, also `\"0s\"`".to_owned(),
        Shape::Size => "size".to_owned(),
        Shape::Flag => "`true` or `false`".to_owned(),
        Shape::Whole(least, most) => format!("{least} to {most}"),
        Shape::Words(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            quoted.join(", ")
        }
        Shape::List(Shape::Text(example) | Shape::Path(example)) => format!("list, `[\"{example}\"]`"),
        Shape::List(item) => format!("list of: {}", words(item)),
        Shape::Either(shapes) => shapes.iter().map(words).collect::<Vec<_>>().join("; or "),
        Shape::Table(..) => "table, below".to_owned(),
        Shape::Map(value) => format!("table, each value: {}", words(value)),
        Shape::Anything => "table".to_owned(),
    }
}
