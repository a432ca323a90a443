//! The tables of a keepwatch.toml, and the comments of the keepalived.conf beside what they belong to.

use std::collections::HashMap;

use super::comments::{Block, Comment, Comments};
use super::list::Item;
use super::{list, value};

/// All tables, in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) tables: Vec<Table>,
}

/// A table and the block that it stands for.
#[derive(Debug)]
pub(super) struct Table {
    /// `[instance.web]`; none for the keys above all tables.
    header: Option<String>,
    /// keepalived's block: `vrrp_instance` and its name.
    block: (String, String),
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    key: &'static str,
    /// keepalived's keyword for it.
    stands_for: StandsFor,
    value: Value,
    written: Written,
}

#[derive(Debug)]
enum Value {
    Plain(String),
    List(Vec<Item>),
}

/// Whether a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Always,
    /// It goes without saying, and is said where a comment is about it.
    WithComment,
}

/// What a key stands for.
#[derive(Debug)]
enum StandsFor {
    /// A keyword in the block of the table.
    Keyword(&'static str),
    /// A whole block of its own, or a line outside all blocks.
    Block(&'static str),
}

/// Where a comment goes: above the header of a table, or above one of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Spot {
    Head(usize),
    Key(usize, usize),
}

/// An entry of a list: its table, its key and its number.
type ItemSpot = (usize, usize, usize);

/// keepalived's words for what one key says here.
const SAME: &[(&str, &str)] = &[
    ("mcast_src_ip", "unicast_src_ip"),
    ("smtp_alert_vrrp", "smtp_alert"),
    ("track_file", "track_script"),
    ("track_interface", "track_script"),
    ("track_process", "track_script"),
    ("vrrp_notify_fifo", "notify_fifo"),
    ("vrrp_notify_fifo_script", "notify_fifo"),
    ("notify_fifo_script", "notify_fifo"),
];

/// What keepalived takes for an entry of another list, as there are too many, or it is of the other family.
const MOVED: (&str, &str) = ("virtual_ipaddress", "virtual_ipaddress_excluded");

impl Table {
    /// What stands above all tables.
    pub(super) fn root(block: &str) -> Self {
        Self { header: None, block: (block.to_owned(), String::new()), keys: Vec::new() }
    }

    /// `[KIND]`, for some keywords of a block whose others stand elsewhere.
    pub(super) fn part(kind: &str, block: &str) -> Self {
        Self { header: Some(format!("[{kind}]")), ..Self::root(block) }
    }

    /// `[KIND.NAME]`; `block` and `called` say which one of keepalived's it is.
    pub(super) fn new(kind: &str, name: &str, block: &str, called: &str) -> Self {
        let header = Some(format!("[{kind}.{}]", value::key(name)));
        Self { header, block: (block.to_owned(), called.to_owned()), keys: Vec::new() }
    }

    /// Sets a key that stands for a keyword of keepalived's.
    pub(super) fn set(&mut self, key: &'static str, keyword: &'static str, value: String) {
        let value = Value::Plain(value);
        self.push(key, StandsFor::Keyword(keyword), value, Written::Always);
    }

    /// The same with what goes without saying.
    pub(super) fn set_default(&mut self, key: &'static str, keyword: &'static str, value: String) {
        let value = Value::Plain(value);
        self.push(key, StandsFor::Keyword(keyword), value, Written::WithComment);
    }

    /// Sets a key that stands for a whole block of keepalived's.
    pub(super) fn set_block(&mut self, key: &'static str, block: &'static str, value: String) {
        self.push(key, StandsFor::Block(block), Value::Plain(value), Written::Always);
    }

    /// Sets a list whose entries are lines below a keyword of keepalived's.
    pub(super) fn set_list(&mut self, key: &'static str, keyword: &'static str, items: Vec<Item>) {
        self.push(key, StandsFor::Keyword(keyword), Value::List(items), Written::Always);
    }

    /// The same with the lines of a whole block of keepalived's.
    pub(super) fn set_block_list(&mut self, key: &'static str, block: &'static str, items: Vec<Item>) {
        self.push(key, StandsFor::Block(block), Value::List(items), Written::Always);
    }

    fn push(&mut self, key: &'static str, stands_for: StandsFor, value: Value, written: Written) {
        self.keys.push(Key { key, stands_for, value, written });
    }

    fn is_of(&self, block: &Block) -> bool {
        (self.block.0.as_str(), self.block.1.as_str()) == (block.kind.as_str(), block.name.as_str())
    }

    /// Whether nothing of it is written.
    fn is_empty(&self) -> bool {
        self.header.is_none() && self.keys.is_empty()
    }
}

/// Where each comment goes.
#[derive(Default)]
struct Places<'c> {
    beside: HashMap<Spot, Vec<String>>,
    /// Of single entries of lists.
    entries: HashMap<ItemSpot, Vec<&'c Comment>>,
    /// Of blocks that are left out: before the table that comes next, by its number.
    before: HashMap<usize, Vec<String>>,
    /// The same where none comes next.
    rest: Vec<String>,
}

impl Document {
    /// Whether nothing would be written, but comments.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.iter().all(|table| table.header.is_none() && table.keys.is_empty())
    }

    /// The whole text.
    pub(super) fn render(&self, comments: &Comments) -> String {
        let Places { beside, entries, before, rest } = self.places(comments);
        let mut parts = vec![lines(&comments.top)];
        for (number, table) in self.tables.iter().enumerate() {
            let above = |spot| lines(beside.get(&spot).map(Vec::as_slice).unwrap_or_default());
            parts.push(lines(before.get(&number).map(Vec::as_slice).unwrap_or_default()));
            let mut text = above(Spot::Head(number));
            text.extend(table.header.iter().map(|header| format!("{header}\n")));
            for (place, Key { key, value, written, .. }) in table.keys.iter().enumerate() {
                let above = above(Spot::Key(number, place));
                let value = match value {
                    Value::Plain(text) => text.clone(),
                    Value::List(items) => {
                        let of = |item| entries.get(&(number, place, item)).cloned().unwrap_or_default();
                        list::written(items, of)
                    }
                };
                if *written == Written::Always || !above.is_empty() {
                    text.push_str(&format!("{above}{key} = {value}\n"));
                }
            }
            parts.push(text);
        }
        parts.push(lines(&rest));
        parts.push(lines(&comments.end));
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }

    /// Gives each comment of a block its one place.
    fn places<'c>(&self, comments: &'c Comments) -> Places<'c> {
        let mut places = Places::default();
        for block in &comments.blocks {
            let Some(head) = self.head(block) else {
                if !block.comments.is_empty() {
                    let title = value::comment(&format!(" Of {}, which is left out:", block.title));
                    places.rest.push(title);
                    places.rest.extend(block.comments.iter().map(|comment| comment.text.clone()));
                }
                continue;
            };
            let (Spot::Head(table) | Spot::Key(table, _)) = head;
            places.before.entry(table).or_default().append(&mut places.rest);
            for comment in &block.comments {
                let own = comment.keyword.as_deref().and_then(|keyword| self.key(block, keyword));
                let spot = own.unwrap_or(head);
                match self.entry(block, comment, spot) {
                    Some(entry) => places.entries.entry(entry).or_default().push(comment),
                    None => places.beside.entry(spot).or_default().push(comment.text.clone()),
                }
            }
        }
        places
    }

    /// Where a block begins here, if it is written.
    fn head(&self, block: &Block) -> Option<Spot> {
        let is_it = |key: &Key| matches!(key.stands_for, StandsFor::Block(kind) if kind == block.kind);
        let of_keys = || self.find(is_it, |_| true);
        let own = self.tables.iter().position(|table| table.is_of(block));
        // Above keys that are all elsewhere it would stand alone.
        let is_written = |number: &usize| self.tables.get(*number).is_some_and(|table| !table.is_empty());
        own.filter(is_written).map(Spot::Head).or_else(of_keys).or_else(|| own.map(Spot::Head))
    }

    /// The key that says what this keyword of a block does.
    fn key(&self, block: &Block, keyword: &str) -> Option<Spot> {
        let keyword = SAME.iter().find(|(other, _)| *other == keyword).map_or(keyword, |(_, same)| same);
        let is_it = |key: &Key| matches!(key.stands_for, StandsFor::Keyword(own) if own == keyword);
        self.find(is_it, |table| table.is_of(block))
    }

    /// The entry of a list that a comment is about, at the key or in the list that it has moved to.
    fn entry(&self, block: &Block, comment: &Comment, spot: Spot) -> Option<ItemSpot> {
        let entry = comment.entry.as_ref()?;
        let in_list = |spot: Spot| {
            let Spot::Key(table, place) = spot else { return None };
            let Value::List(items) = &self.tables.get(table)?.keys.get(place)?.value else { return None };
            Some((table, place, list::position(items, entry)?))
        };
        let (from, to) = MOVED;
        let moved = || self.key(block, to).filter(|_| comment.keyword.as_deref() == Some(from));
        in_list(spot).or_else(|| in_list(moved()?))
    }

    fn find(&self, is_it: impl Fn(&Key) -> bool, is_there: impl Fn(&Table) -> bool) -> Option<Spot> {
        let mut tables = self.tables.iter().enumerate().filter(|(_, table)| is_there(table));
        tables.find_map(|(number, table)| {
            table.keys.iter().position(&is_it).map(|place| Spot::Key(number, place))
        })
    }
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::convert;

    /// Wherever they stand.
    #[test]
    fn each_comment_of_the_corpus_is_there_once() {
        let (mut files, mut all) = (0, 0);
        for entry in std::fs::read_dir("tests/corpus").unwrap() {
            let Ok(loaded) = crate::load(&entry.unwrap().path()) else { continue };
            let Some(config) = loaded.config else { continue };
            let text = convert(&config, &loaded.source.text).text;
            let Comments { top, blocks, end } = Comments::read(&loaded.source.text);
            let own = blocks.iter().flat_map(|block| &block.comments).map(|comment| &comment.text);
            let mut expected: Vec<&str> = own.chain(&top).chain(&end).map(String::as_str).collect();
            let is_heading =
                |line: &&str| line.starts_with("# Of ") && line.ends_with(", which is left out:");
            // Of entries of lists, too: above them, and behind them.
            let comment = |line| match str::trim_start(line) {
                line if line.starts_with('#') => Some(line),
                line => line.find(",  #").and_then(|at| line.get(at + 3..)),
            };
            let mut found: Vec<&str> = text.lines().filter_map(comment).collect();
            found.retain(|line| !is_heading(line));
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{}\n{text}", loaded.source.name);
            (files, all) = (files + 1, all + found.len());
        }
        assert!(files >= 60 && all >= 20, "{files} {all}");
    }
}
