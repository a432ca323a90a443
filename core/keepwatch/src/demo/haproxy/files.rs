//! What a host has on its disk: the files of examples/haproxy-pair, with the demo's own places in them.

use std::io;
use std::path::{Path, PathBuf};

use crate::demo::stage::Stage;

const KEEPWATCH: &str = include_str!("../../../../../examples/haproxy-pair/keepwatch.toml");
const HOOK: &str = include_str!("../../../../../examples/haproxy-pair/haproxy.rhai");
const HAPROXY: &str = include_str!("../../../../../examples/haproxy-pair/haproxy.cfg");
const INSTANCES: [&str; 2] = [
    include_str!("../../../../../examples/haproxy-pair/h1.conf"),
    include_str!("../../../../../examples/haproxy-pair/h2.conf"),
];

/// A host's files, in a folder of its own: hosts have networks of their own, but one file system, which is the machine's.
pub(super) struct Files {
    folder: PathBuf,
    control: PathBuf,
}

impl Files {
    /// Writes the files of the `host`th host.
    pub(super) fn write(folder: &Path, host: usize, name: &str) -> io::Result<Self> {
        let files = Self { folder: folder.join(name), control: Stage::control_socket(folder, name) };
        std::fs::create_dir(&files.folder)?;
        // Each host has its instances under one name; which they are is its own.
        std::fs::write(files.folder.join("h1.conf"), INSTANCES.get(host).copied().unwrap_or_default())?;
        std::fs::write(files.folder.join("haproxy.rhai"), HOOK)?;
        std::fs::write(files.keepwatch(), files.moved(KEEPWATCH))?;
        std::fs::write(files.haproxy(), files.moved(&without_users(HAPROXY)))?;
        Ok(files)
    }

    pub(super) fn keepwatch(&self) -> PathBuf {
        self.folder.join("keepwatch.toml")
    }

    pub(super) fn haproxy(&self) -> PathBuf {
        self.folder.join("haproxy.cfg")
    }

    /// Where HAProxy's worker is asked.
    pub(super) fn admin_socket(&self) -> PathBuf {
        self.folder.join("admin.sock")
    }

    /// Where its master is.
    pub(super) fn master_socket(&self) -> PathBuf {
        self.folder.join("master.sock")
    }

    /// Where keepwatch is asked.
    pub(super) fn control_socket(&self) -> &Path {
        &self.control
    }

    /// For what keepwatch keeps.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// A text with this host's places in it instead of the usual ones.
    fn moved(&self, text: &str) -> String {
        [
            ("/run/haproxy/admin.sock", self.admin_socket()),
            ("/run/haproxy-master.sock", self.master_socket()),
            ("/etc/haproxy/haproxy.cfg", self.haproxy()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (usual, here)| text.replace(usual, &here.display().to_string()))
    }
}

/// There are no other users and groups in a user namespace.
fn without_users(text: &str) -> String {
    let stays = |line: &&str| !matches!(line.split_whitespace().next(), Some("user" | "group"));
    text.lines().filter(stays).map(|line| line.replace(" group haproxy ", " ") + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_machines_own_is_left() {
        let files = Files { folder: "/tmp/demo/h1".into(), control: "/tmp/demo/h1.sock".into() };
        let (keepwatch, haproxy) = (files.moved(KEEPWATCH), files.moved(&without_users(HAPROXY)));
        for text in [&keepwatch, &haproxy] {
            assert!(!text.contains("/run/") && !text.contains("/etc/"), "{text}");
        }
        assert!(keepwatch.contains("haproxy = \"/tmp/demo/h1/admin.sock\""), "{keepwatch}");
        assert!(haproxy.contains("stats socket /tmp/demo/h1/admin.sock mode"), "{haproxy}");
        assert!(!haproxy.contains("user haproxy") && !haproxy.contains("group haproxy"), "{haproxy}");
    }
}
