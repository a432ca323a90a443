//! Which instances are to be explained.

use serde::{Deserialize, Serialize};

/// Which instances are to be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainRequest {
    /// The one of this name; all of them if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}
