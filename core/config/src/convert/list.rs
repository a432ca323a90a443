//! Lists whose entries are lines of a keepalived.conf, with the comments of those lines.

use std::net::IpAddr;

use super::comments::{Comment, Entry, Side};
use super::value;

/// An entry.
#[derive(Debug)]
pub(super) struct Item {
    /// How keepalived's line begins, or all of its words.
    said: String,
    value: String,
}

impl Item {
    /// What is called the same in both formats.
    pub(super) fn named(name: &str, value: String) -> Self {
        Self { said: name.to_owned(), value }
    }

    pub(super) fn address(address: IpAddr, value: String) -> Self {
        Self { said: address.to_string(), value }
    }

    /// A text that is the name.
    pub(super) fn text(name: &str) -> Self {
        Self::named(name, value::text(name))
    }

    fn is(&self, Entry { first, words }: &Entry) -> bool {
        let before_length = first.split('/').next().unwrap_or_default();
        let is_address =
            || before_length.parse().is_ok_and(|address: IpAddr| address.to_string() == self.said);
        self.said == *first || self.said == *words || is_address()
    }
}

/// Which one of several a line is. Of one nobody asks, and where two may be it, nobody can tell: the comment is about the list then.
pub(super) fn position(items: &[Item], entry: &Entry) -> Option<usize> {
    let mut found = items.iter().enumerate().filter(|(_, item)| item.is(entry)).map(|(at, _)| at);
    let first = found.next().filter(|_| items.len() > 1)?;
    found.next().is_none().then_some(first)
}

/// The list; where one of its entries has a comment, each stands on a line of its own, with its comments above and behind it.
pub(super) fn written<'c>(items: &[Item], comments: impl Fn(usize) -> Vec<&'c Comment>) -> String {
    let lines: Vec<(&Item, Vec<&Comment>)> =
        items.iter().enumerate().map(|(at, item)| (item, comments(at))).collect();
    if lines.iter().all(|(_, comments)| comments.is_empty()) {
        return value::list(&items.iter().map(|item| item.value.clone()).collect::<Vec<_>>());
    }
    let mut text = "[\n".to_owned();
    for (item, mut comments) in lines {
        // One has room behind an entry.
        let behind = comments.pop_if(|comment| comment.side == Side::Behind);
        comments.iter().for_each(|comment| text.push_str(&format!("    {}\n", comment.text)));
        let behind = behind.map(|comment| format!("  {}", comment.text)).unwrap_or_default();
        text.push_str(&format!("    {},{behind}\n", item.value));
    }
    text.push(']');
    text
}
