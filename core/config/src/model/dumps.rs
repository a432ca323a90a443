//! Files that tell other programs how things are, as keepalived writes them.

/// Where files go that are written when a signal asks for them, as written: without a `/` in front below the folder for
/// temporary files, with one at the end a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dumps {
    /// `state_dump_file`; `/tmp/keepalived.data` if absent.
    pub state: Option<String>,
    /// `stats_dump_file`; `/tmp/keepalived.stats` if absent.
    pub stats: Option<String>,
    /// `json_dump_file`; `/tmp/keepalived.json` if absent.
    pub json: Option<String>,
    /// `json_version`.
    pub json_version: JsonVersion,
}

/// What the JSON looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonVersion {
    /// 1: an array of the instances.
    #[default]
    Instances,
    /// 2: an object with the instances as `vrrp`, and what processes are tracked as `track_process`.
    Object,
}
