//! The comments of a keepalived.conf, and what each stands beside.

use super::value;
use crate::keepalived::{Step, before_comment, steps};

/// All comments with the blocks of the file, in its order.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// About the whole file: above all blocks, with an empty line behind them.
    pub(super) top: Vec<String>,
    pub(super) blocks: Vec<Block>,
    /// Behind all blocks.
    pub(super) end: Vec<String>,
}

/// A block, or a line outside all blocks.
#[derive(Debug)]
pub(super) struct Block {
    /// `vrrp_instance`
    pub(super) kind: String,
    /// What the block is called; empty if it has no name.
    pub(super) name: String,
    /// As the file says it.
    pub(super) title: String,
    pub(super) comments: Vec<Comment>,
}

#[derive(Debug)]
pub(super) struct Comment {
    /// With a `#` before it.
    pub(super) text: String,
    /// The keyword in the block that it stands beside or above; none of the block itself.
    pub(super) keyword: Option<String>,
    /// The line below that keyword, or in a block that is a list.
    pub(super) entry: Option<Entry>,
    pub(super) side: Side,
}

/// A line that may be an entry of a list.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) first: String,
    /// All of its words.
    pub(super) words: String,
}

/// Where a comment stands, seen from what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Behind,
}

/// Where the reader is.
#[derive(Default)]
struct Reader {
    comments: Comments,
    depth: usize,
    keyword: Option<String>,
    entry: Option<Entry>,
    /// Comments that wait for what follows.
    waiting: Vec<String>,
}

impl Comments {
    /// Finds them in a text.
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line));
        let Reader { mut comments, waiting, .. } = reader;
        comments.end = waiting;
        comments
    }

    /// Adds one beside a keyword of a block, or above a block that has no such line.
    pub(super) fn add(&mut self, kind: &str, name: &str, keyword: &str, text: &str) {
        let text = value::comment(&format!(" {text}"));
        match self.blocks.iter_mut().find(|block| (block.kind.as_str(), block.name.as_str()) == (kind, name))
        {
            Some(block) => {
                let keyword = Some(keyword.to_owned());
                block.comments.push(Comment { text, keyword, entry: None, side: Side::Above });
            }
            None => self.end.push(text),
        }
    }
}

impl Reader {
    fn line(&mut self, line: &str) {
        let (code, comment) = line.split_at(before_comment(line));
        let comment = comment.trim().trim_start_matches(['#', '!']);
        let comment = (!comment.trim().is_empty()).then(|| value::comment(comment.trim_end()));
        if code.trim().is_empty() {
            if line.trim().is_empty() && self.comments.blocks.is_empty() {
                self.comments.top.append(&mut self.waiting);
            }
            self.waiting.extend(comment);
            return;
        }
        if self.depth <= 1 {
            self.keyword = None;
        }
        self.entry = None;
        for step in steps(code) {
            self.step(step);
            // What stands above belongs to what the line begins with.
            let waiting = std::mem::take(&mut self.waiting);
            waiting.into_iter().for_each(|text| self.keep(text, Side::Above));
        }
        comment.into_iter().for_each(|text| self.keep(text, Side::Behind));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Words { keyword, name, raw } if self.depth == 0 => {
                self.keyword = None;
                let (kind, comments) = (now(keyword), Vec::new());
                self.comments.blocks.push(Block { kind, name, title: raw, comments });
            }
            Step::Words { keyword, raw, .. } => {
                let words = raw.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
                self.entry = Some(Entry { first: keyword.clone(), words });
                if self.depth == 1 {
                    self.keyword = Some(keyword);
                }
            }
            Step::Open => {
                self.entry = None;
                self.depth += 1;
            }
            Step::Close => {
                self.entry = None;
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.keyword = None;
                }
            }
        }
    }

    /// A comment belongs to where the reader is.
    fn keep(&mut self, text: String, side: Side) {
        match self.comments.blocks.last_mut() {
            Some(block) => {
                let (keyword, entry) = (self.keyword.clone(), self.entry.clone());
                block.comments.push(Comment { text, keyword, entry, side });
            }
            None => self.comments.top.push(text),
        }
    }
}

/// What a block is called today.
fn now(kind: String) -> String {
    if kind == "vrrp_track_file" { "track_file".to_owned() } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'c>(block: &'c Block, keyword: Option<&str>) -> Vec<&'c str> {
        let comments = block.comments.iter().filter(|comment| comment.keyword.as_deref() == keyword);
        comments.map(|comment| comment.text.as_str()).collect()
    }

    #[test]
    fn a_comment_belongs_to_what_it_stands_above_or_beside() {
        let text = "# all\n\n# first\nvrrp_instance VI_1 { ! beside\n  # of the number\n  virtual_router_id 51 # really\n  \
                    virtual_ipaddress {\n    # web\n    10.1.1.30 # here\n  } # there\n # no more\n}\n\
                    vrrp_script \"a {\" { script \"/bin/x {\" # it\n}\n# last\n";
        let comments = Comments::read(text);
        let [instance, script] = comments.blocks.as_slice() else { panic!("{comments:?}") };
        assert_eq!((instance.kind.as_str(), instance.name.as_str()), ("vrrp_instance", "VI_1"));
        assert_eq!(of(instance, None), ["# first", "# beside", "# no more"]);
        assert_eq!(of(instance, Some("virtual_router_id")), ["# of the number", "# really"]);
        assert_eq!(of(instance, Some("virtual_ipaddress")), ["# web", "# here", "# there"]);
        assert_eq!((script.name.as_str(), script.title.as_str()), ("a {", "vrrp_script \"a {\""));
        assert_eq!(of(script, Some("script")), ["# it"]);
        assert_eq!((comments.top, comments.end), (vec!["# all".to_owned()], vec!["# last".to_owned()]));
    }

    /// Nothing but a blank line tells that it is about more than the first block.
    #[test]
    fn without_an_empty_line_it_belongs_to_the_first_block() {
        let comments = Comments::read("# of it\nglobal_defs {\n}\n");
        assert_eq!((of(&comments.blocks[0], None), comments.top.len()), (vec!["# of it"], 0));
    }

    #[test]
    fn control_characters_are_spelt() {
        assert_eq!(Comments::read("# a\u{7}b\tc\r\n\n").top, ["# a\\u{7}b\tc"]);
    }
}
