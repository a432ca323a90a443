//! Answers that say why not.

use serde::{Deserialize, Serialize};

use crate::request::{OLDEST, VERSION};

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub code: Code,
    /// For people.
    pub text: String,
    /// With [`Code::UnsupportedVersion`]: the versions spoken here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Versions>,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The line is no request. The connection is closed.
    Malformed,
    /// The line is too long. The connection is closed.
    TooLong,
    /// The request took too long to come. The connection is closed.
    TooSlow,
    /// There is no such request in this version.
    UnknownRequest,
    /// The version is not spoken here.
    UnsupportedVersion,
    /// This client may not ask that.
    NotPermitted,
    /// There are too many connections. The connection is closed.
    Busy,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

/// A range of versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Versions {
    /// The oldest.
    pub from: u32,
    /// The newest.
    pub to: u32,
}

impl Refusal {
    pub(crate) const fn new(code: Code, text: String) -> Self {
        Self { code, text, versions: None }
    }

    /// The refusal of a version.
    pub(crate) fn version(asked: u32) -> Self {
        let spoken = if OLDEST == VERSION {
            format!("only version {VERSION}")
        } else {
            format!("{OLDEST} to {VERSION}")
        };
        let text = format!("version {asked} of the protocol is not spoken here, {spoken}");
        let versions = Some(Versions { from: OLDEST, to: VERSION });
        Self { code: Code::UnsupportedVersion, text, versions }
    }

    /// Whether the connection ends with it.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self.code, Code::Malformed | Code::TooLong | Code::TooSlow | Code::Busy)
    }
}
