//! What a running plugin may do, and where that is said.

use crate::grant::{Grant, Grants};

/// What a running plugin may do, and where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Its table in the configuration: `check.db`.
    table: String,
    grants: Grants,
}

impl Permit {
    /// These grants, in this table of the configuration: `plugin.haproxy`, `check.db`.
    pub fn new(table: impl Into<String>, grants: Grants) -> Self {
        Self { table: table.into(), grants }
    }

    /// The grants.
    #[must_use]
    pub const fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Whether this is among them.
    #[must_use]
    pub fn has(&self, grant: &Grant) -> bool {
        self.grants.has(grant)
    }

    /// What to write for these as well: `in keepwatch.toml, under [check.db]:  grants = ["tcp:db:5432", "run:a"]`, the line
    /// as it should be, with what is granted already.
    pub fn remedy(&self, missing: impl IntoIterator<Item = String>) -> String {
        let mut all: Vec<String> = self.grants.iter().map(ToString::to_string).collect();
        for grant in missing {
            if !all.contains(&grant) {
                all.push(grant);
            }
        }
        let quoted: Vec<String> = all.iter().map(|grant| format!("\"{grant}\"")).collect();
        format!("in keepwatch.toml, under [{}]:  grants = [{}]", self.table, quoted.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_write_keeps_what_is_granted() {
        let permit = Permit::new("check.db", Grants::new(vec![Grant::Run("a".to_owned())]));
        assert_eq!(
            permit.remedy(["run:b", "run:a", "run:b"].map(str::to_owned)),
            "in keepwatch.toml, under [check.db]:  grants = [\"run:a\", \"run:b\"]"
        );
    }
}
