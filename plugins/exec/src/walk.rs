//! From a path to all that it leads through.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component as Part, Path, PathBuf};

use crate::component::{Component, Kind};

/// How many links the kernel follows.
const LINKS: usize = 40;

/// What a path leads through.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Directories and links in the order in which they are met, then what it leads to. None twice.
    pub(crate) met: Vec<Component>,
}

/// Why a path leads nowhere.
#[derive(Debug)]
pub(crate) struct Astray {
    /// What was met before.
    pub(crate) walk: Walk,
    /// What there is to be, and is not.
    pub(crate) at: PathBuf,
    /// Why.
    pub(crate) error: io::Error,
}

impl Walk {
    /// What the path leads to.
    pub(crate) fn end(&self) -> Option<&Component> {
        self.met.last()
    }

    fn meet(&mut self, component: Component) {
        self.met.retain(|met| met.path != component.path);
        self.met.push(component);
    }
}

/// Follows an absolute path, links and all.
pub(crate) fn walk(path: &Path) -> Result<Walk, Astray> {
    let mut walk = Walk::default();
    let mut here = PathBuf::from("/");
    let mut ahead: VecDeque<OsString> = parts(path);
    let mut links = 0;
    match look(&here) {
        Ok(root) => walk.meet(root),
        Err(error) => return Err(Astray { walk, at: here, error }),
    }
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&name);
        let component = match look(&next) {
            Ok(component) => component,
            Err(error) => return Err(Astray { walk, at: next, error }),
        };
        let kind = component.kind;
        walk.meet(component);
        if kind != Kind::Link {
            here = next;
            continue;
        }
        links += 1;
        let target = match std::fs::read_link(&next) {
            Ok(_) if links > LINKS => Err(io::Error::from(io::ErrorKind::InvalidInput)),
            other => other,
        };
        match target {
            Ok(target) => {
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                for part in parts(&target).into_iter().rev() {
                    ahead.push_front(part);
                }
            }
            Err(error) => return Err(Astray { walk, at: next, error }),
        }
    }
    Ok(walk)
}

fn look(path: &Path) -> io::Result<Component> {
    let data = std::fs::symlink_metadata(path)?;
    Ok(Component::new(path.to_owned(), &data))
}

/// The names in a path, `..` among them.
fn parts(path: &Path) -> VecDeque<OsString> {
    let name = |part: Part<'_>| match part {
        Part::Normal(name) => Some(name.to_owned()),
        Part::ParentDir => Some("..".into()),
        Part::RootDir | Part::CurDir | Part::Prefix(_) => None,
    };
    path.components().filter_map(name).collect()
}
