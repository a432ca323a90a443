//! What the master answers to `reload`.

/// What the master answers to `reload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing: before 2.7 the master starts itself anew, and the connection ends.
    None,
    /// It has reloaded.
    Success,
    /// It has not, and says why.
    Failure(String),
}

impl Reply {
    /// From 2.7 on: `Success=1`, a line with dashes, and what was said while the configuration was loaded.
    pub(crate) fn read(answer: &str) -> Self {
        let answer = answer.trim();
        if answer.is_empty() {
            return Self::None;
        }
        if answer.starts_with("Success=1") {
            return Self::Success;
        }
        let Some(rest) = answer.strip_prefix("Success=0") else { return Self::Failure(answer.to_owned()) };
        let rest = rest.trim_start();
        Self::Failure(rest.strip_prefix("--").unwrap_or(rest).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_all_versions_are_read() {
        let failure = |text: &str| Reply::Failure(text.to_owned());
        for (answer, expected) in [
            ("", Reply::None),
            ("\n", Reply::None),
            (
                "Success=1\n--\n[NOTICE]   (18323) : New worker (18421) forked\n\
                 [NOTICE]   (18323) : Loading success.\n\n",
                Reply::Success,
            ),
            ("Success=1\n", Reply::Success),
            (
                "Success=0\n--\n[ALERT]    (18323) : config : parsing [h3.cfg:19] : unknown keyword 'bogus'\n\n",
                failure("[ALERT]    (18323) : config : parsing [h3.cfg:19] : unknown keyword 'bogus'"),
            ),
            ("Success=0\n", failure("")),
            ("Permission denied\n", failure("Permission denied")),
        ] {
            assert_eq!(Reply::read(answer), expected, "{answer:?}");
        }
    }
}
