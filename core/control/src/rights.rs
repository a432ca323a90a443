//! Who may ask what.

use crate::refusal::{Code, Refusal};
use crate::request::Request;

/// The superuser.
const ROOT: u32 = 0;

/// What a client may do, by its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Root or the daemon's own user: everything.
    Master,
    /// Whoever else can connect: read.
    Guest,
}

impl Standing {
    /// That of a user, at a daemon that runs as `own`.
    pub(crate) const fn of(user: u32, own: u32) -> Self {
        if user == ROOT || user == own { Self::Master } else { Self::Guest }
    }
}

/// Whether a request changes anything.
const fn changes(request: &Request) -> bool {
    match request {
        Request::Status
        | Request::Explain(_)
        | Request::Events(_)
        | Request::Plugins
        | Request::DeadLetters(_)
        | Request::Spool
        | Request::Silences => false,
        // Without doing it as well: the daemon reads files for it.
        Request::Reload(_)
        | Request::SpoolRetry(_)
        | Request::SpoolPurge(_)
        | Request::Silence(_)
        | Request::SilenceEnd(_) => true,
    }
}

/// Whether the user of a client may ask this of a daemon that runs as `own`. Whoever can connect may read: the socket's
/// mode has decided that. Only root and the daemon's own user may change something.
///
/// # Errors
///
/// What to answer instead.
pub(crate) fn permit(request: &Request, user: u32, own: u32) -> Result<(), Refusal> {
    if !changes(request) || Standing::of(user, own) == Standing::Master {
        return Ok(());
    }
    let who = if own == ROOT { "only root may".to_owned() } else { format!("only root and user {own} may") };
    let text = format!("user {user} may read, but not change anything here: {who}");
    Err(Refusal::new(Code::NotPermitted, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events_request::EventsRequest;
    use crate::reload::ReloadRequest;

    #[test]
    fn reading_is_for_all_who_can_connect_and_changing_for_root_and_the_owner() {
        let events = Request::Events(EventsRequest::default());
        for request in [Request::Status, events, Request::Plugins] {
            for user in [0, 33, 998] {
                assert_eq!(permit(&request, user, 998), Ok(()));
            }
        }
        for (user, own, permitted) in [
            (0, 0, true),
            (0, 998, true),
            (998, 998, true),
            (33, 998, false),
            (998, 0, false),
            (65534, 0, false),
        ] {
            assert_eq!(
                permit(&Request::Reload(ReloadRequest::default()), user, own).is_ok(),
                permitted,
                "{user} {own}"
            );
        }
        let refusal = permit(&Request::Reload(ReloadRequest::default()), 33, 0).unwrap_err();
        assert_eq!(refusal.text, "user 33 may read, but not change anything here: only root may");
        let refusal = permit(&Request::Reload(ReloadRequest::default()), 33, 998).unwrap_err();
        assert_eq!(
            refusal.text,
            "user 33 may read, but not change anything here: only root and user 998 may"
        );
    }
}
