//! The tables of a keepwatch.toml, and the comments of the keepalived.conf beside what they belong to.

use super::comments::Comments;
use super::value;

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
    value: String,
}

/// What a key stands for.
#[derive(Debug)]
enum StandsFor {
    /// A keyword in the block of the table.
    Keyword(&'static str),
    /// A whole block of its own, without a name.
    Block(&'static str),
}

impl Table {
    /// What stands above all tables.
    pub(super) fn root(block: &str) -> Self {
        Self { header: None, block: (block.to_owned(), String::new()), keys: Vec::new() }
    }

    /// `[KIND]`, for some keywords of a block whose comments stand in another table.
    pub(super) fn part(kind: &str) -> Self {
        Self { header: Some(format!("[{kind}]")), ..Self::root(kind) }
    }

    /// `[KIND.NAME]`
    pub(super) fn new(kind: &str, name: &str, block: &str) -> Self {
        let header = Some(format!("[{kind}.{}]", value::key(name)));
        Self { header, block: (block.to_owned(), name.to_owned()), keys: Vec::new() }
    }

    /// Sets a key that stands for a keyword of keepalived's.
    pub(super) fn set(&mut self, key: &'static str, keyword: &'static str, value: String) {
        self.keys.push(Key { key, stands_for: StandsFor::Keyword(keyword), value });
    }

    /// Sets a key that stands for a whole block of keepalived's.
    pub(super) fn set_block(&mut self, key: &'static str, block: &'static str, value: String) {
        self.keys.push(Key { key, stands_for: StandsFor::Block(block), value });
    }

    /// Whether its keys stand for this block, or for what is in it.
    fn is_of(&self, block: &str, name: &str) -> bool {
        let is_it = |key: &Key| matches!(key.stands_for, StandsFor::Block(own) if own == block);
        (self.block.0.as_str(), self.block.1.as_str()) == (block, name)
            || name.is_empty() && self.keys.iter().any(is_it)
    }

    fn render(&self, comments: &Comments) -> String {
        let (block, name) = (self.block.0.as_str(), self.block.1.as_str());
        let mut text = String::new();
        let mut line = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        let is_keyword = |keyword: &str| {
            self.keys.iter().any(|key| matches!(key.stands_for, StandsFor::Keyword(own) if own == keyword))
        };
        comments.above(block, name).for_each(&mut line);
        // What stands beside a keyword that has no key here still says something of the whole.
        comments.within(block, name, |keyword| !is_keyword(keyword)).for_each(&mut line);
        if let Some(header) = &self.header {
            line(header);
        }
        for Key { key, stands_for, value } in &self.keys {
            match stands_for {
                StandsFor::Keyword(keyword) => {
                    comments.within(block, name, |known| known == *keyword).for_each(&mut line);
                }
                StandsFor::Block(block) => {
                    comments.above(block, "").for_each(&mut line);
                    comments.within(block, "", |_| true).for_each(&mut line);
                }
            }
            line(&format!("{key} = {value}"));
        }
        text
    }
}

impl Document {
    /// The whole text.
    pub(super) fn render(&self, comments: &Comments) -> String {
        let mut parts: Vec<String> = self.tables.iter().map(|table| table.render(comments)).collect();
        let written = |block: &str, name: &str| self.tables.iter().any(|table| table.is_of(block, name));
        parts.push(comments.others(written).map(|line| format!("{line}\n")).collect());
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }
}
