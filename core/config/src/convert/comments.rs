//! The comments of a keepalived.conf, and what each stands beside.

use crate::keepalived::before_comment;

/// All comments, in the order of the file.
#[derive(Debug)]
pub(super) struct Comments(Vec<Comment>);

#[derive(Debug)]
struct Comment {
    /// With a `#` before it.
    text: String,
    /// The block that it stands in or above, with its name; none behind the last one.
    block: Option<(String, String)>,
    /// The keyword in the block that it stands beside or above; none above the block.
    keyword: Option<String>,
}

/// Where the reader is.
#[derive(Default)]
struct Place {
    depth: usize,
    block: Option<(String, String)>,
    keyword: Option<String>,
    /// Comments that wait for what follows.
    waiting: Vec<String>,
}

impl Comments {
    /// Finds them in a text.
    pub(super) fn read(text: &str) -> Self {
        let (mut comments, mut place) = (Vec::new(), Place::default());
        for line in text.lines() {
            let (code, comment) = line.split_at(before_comment(line));
            let comment = comment.trim().trim_start_matches(['#', '!']);
            let comment = (!comment.trim().is_empty()).then(|| format!("#{}", comment.trim_end()));
            if code.trim().is_empty() {
                place.waiting.extend(comment);
                continue;
            }
            place.enter(code);
            for text in place.waiting.drain(..).chain(comment) {
                let (block, keyword) = (place.block.clone(), place.keyword.clone());
                comments.push(Comment { text, block, keyword });
            }
            place.leave(code);
        }
        comments.extend(place.waiting.drain(..).map(|text| Comment { text, block: None, keyword: None }));
        Self(comments)
    }

    /// Those above a block, or beside the line that opens it.
    pub(super) fn above(&self, block: &str, name: &str) -> impl Iterator<Item = &str> {
        self.of(block, name).filter(|comment| comment.keyword.is_none()).map(|comment| comment.text.as_str())
    }

    /// Those beside some keywords of a block.
    pub(super) fn within(
        &self,
        block: &str,
        name: &str,
        which: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = &str> {
        let chosen = move |comment: &&Comment| comment.keyword.as_deref().is_some_and(&which);
        self.of(block, name).filter(chosen).map(|comment| comment.text.as_str())
    }

    /// Those of blocks that are not written.
    pub(super) fn others(&self, written: impl Fn(&str, &str) -> bool) -> impl Iterator<Item = &str> {
        let is_other = move |comment: &&Comment| match &comment.block {
            Some((block, name)) => !written(block, name),
            None => true,
        };
        self.0.iter().filter(is_other).map(|comment| comment.text.as_str())
    }

    fn of(&self, block: &str, name: &str) -> impl Iterator<Item = &Comment> {
        let is_of = move |comment: &&Comment| {
            comment.block.as_ref().is_some_and(|own| (own.0.as_str(), own.1.as_str()) == (block, name))
        };
        self.0.iter().filter(is_of)
    }
}

impl Place {
    /// A line begins: which block and keyword it belongs to.
    fn enter(&mut self, code: &str) {
        let mut words = code.split_whitespace().map(|word| word.trim_matches(['{', '}', '"']));
        let first = words.next().filter(|word| !word.is_empty());
        match (self.depth, first) {
            (0, Some(first)) => {
                let name = words.next().unwrap_or_default().to_owned();
                self.block = Some((first.to_owned(), name));
                self.keyword = None;
            }
            (1, Some(first)) => self.keyword = Some(first.to_owned()),
            _ => {}
        }
    }

    /// A line ends: how deep the next one stands.
    fn leave(&mut self, code: &str) {
        let count = |brace| code.chars().filter(|c| *c == brace).count();
        self.depth = (self.depth + count('{')).saturating_sub(count('}'));
        if self.depth <= 1 {
            self.keyword = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_belongs_to_what_it_stands_above_or_beside() {
        let text = "# first\n\nvrrp_instance VI_1 { ! beside\n  # of the number\n  virtual_router_id 51 # really\n  \
                    virtual_ipaddress {\n    # web\n    10.1.1.30 # here\n  }\n}\n# last\n";
        let comments = Comments::read(text);
        let above: Vec<&str> = comments.above("vrrp_instance", "VI_1").collect();
        assert_eq!(above, ["# first", "# beside"]);
        let of = |keyword: &'static str| -> Vec<&str> {
            comments.within("vrrp_instance", "VI_1", |known| known == keyword).collect()
        };
        assert_eq!(of("virtual_router_id"), ["# of the number", "# really"]);
        assert_eq!(of("virtual_ipaddress"), ["# web", "# here"]);
        assert_eq!(comments.others(|_, _| true).collect::<Vec<_>>(), ["# last"]);
    }
}
