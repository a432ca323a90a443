//! The user data base, asked once a minute at most.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::{Group, User, getgrouplist};
use tokio::task::spawn_blocking;

use crate::account::{Account, Groups};
use crate::identity::Identity;
use crate::trouble::Trouble;

/// How long an answer is good.
const FRESH: Duration = Duration::from_secs(60);

/// The user data base, asked once a minute at most: it may be a directory in the network.
#[derive(Debug, Default)]
pub struct Accounts {
    known: Mutex<BTreeMap<Account, (Instant, Identity)>>,
}

impl Accounts {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Looks an account up, away from the threads that tasks share.
    pub(crate) async fn find(self: &Arc<Self>, account: &Account) -> Result<Identity, Trouble> {
        if let Some(known) = self.remembered(account, Some(FRESH)) {
            return Ok(known);
        }
        let (accounts, asked) = (Arc::clone(self), account.clone());
        let found = spawn_blocking(move || accounts.find_waiting(&asked)).await;
        found.unwrap_or_else(|_| Err(Trouble::look_up(account, "keepwatch is ending")))
    }

    /// Looks an account up, and waits for it. If the data base does not answer, its last answer stands.
    pub(crate) fn find_waiting(&self, account: &Account) -> Result<Identity, Trouble> {
        if let Some(known) = self.remembered(account, Some(FRESH)) {
            return Ok(known);
        }
        let found = match look_up(account) {
            Ok(found) => found,
            Err(trouble @ Trouble::LookUp { .. }) => return self.remembered(account, None).ok_or(trouble),
            Err(trouble) => return Err(trouble),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(account.clone(), (Instant::now(), found.clone()));
        Ok(found)
    }

    /// What was found before, if it is not older than this.
    fn remembered(&self, account: &Account, age: Option<Duration>) -> Option<Identity> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, identity) = known.get(account)?;
        age.is_none_or(|age| at.elapsed() < age).then(|| identity.clone())
    }
}

fn look_up(account: &Account) -> Result<Identity, Trouble> {
    let failed = |errno: Errno| Trouble::look_up(account, errno.desc());
    let user = User::from_name(&account.user).map_err(failed)?;
    let user = user.ok_or_else(|| Trouble::NoUser(account.user.clone()))?;
    let gid = match &account.group {
        None => user.gid,
        Some(name) => {
            let group = Group::from_name(name).map_err(failed)?;
            group.ok_or_else(|| Trouble::NoGroup(name.clone()))?.gid
        }
    };
    let groups = match account.groups {
        Groups::None => Vec::new(),
        Groups::OfUser => {
            let name = CString::new(account.user.as_str()).map_err(|_| failed(Errno::EINVAL))?;
            getgrouplist(&name, user.gid).map_err(failed)?
        }
    };
    Ok(Identity { uid: user.uid, gid, groups, person: Some((user.name, user.dir)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_known_is_told_apart() {
        let accounts = Accounts::new();
        let nobody = "no-such-user-of-keepwatch";
        assert_eq!(accounts.find_waiting(&Account::of(nobody)), Err(Trouble::NoUser(nobody.to_owned())));
        let account = Account { group: Some(nobody.to_owned()), ..Account::of("root") };
        assert_eq!(accounts.find_waiting(&account), Err(Trouble::NoGroup(nobody.to_owned())));
    }

    #[test]
    fn an_answer_is_remembered() {
        let accounts = Accounts::new();
        let root = Account::of("root");
        assert_eq!(accounts.remembered(&root, None), None);
        let found = accounts.find_waiting(&root).unwrap();
        assert!(found.is_mighty());
        assert_eq!(accounts.remembered(&root, Some(FRESH)), Some(found.clone()));
        assert_eq!(accounts.remembered(&root, Some(Duration::ZERO)), None, "too old");
        assert_eq!(found.groups, [], "none unless asked for");
    }
}
