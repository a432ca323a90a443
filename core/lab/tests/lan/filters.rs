//! Adverts that get lost.

use keepwatch_lab::{Direction, Lan};
use keepwatch_system::IpFamily;
use libtest_mimic::Failed;

use crate::support::{Adverts, ensure, is_lost, passes, wait};
use crate::{Case, NFT};

pub(crate) const CASES: &[Case] = &[
    Case { name: "filters::one_direction_only", needs: Some(NFT), run: one_direction_only },
    Case { name: "filters::priority_zero_only", needs: Some(NFT), run: priority_zero_only },
];

const FAMILIES: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

fn one_direction_only() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    for family in FAMILIES {
        let (mut one, mut two) = (Adverts::open(h1, family)?, Adverts::open(h2, family)?);
        passes(&one, &mut two)?;
        passes(&two, &mut one)?;
        h1.drop_vrrp(Direction::Outgoing)?;
        all_are_lost(&one, &mut two)?;
        passes(&two, &mut one)?;
        h1.stop_dropping()?;
        h1.drop_vrrp(Direction::Incoming)?;
        passes(&one, &mut two)?;
        all_are_lost(&two, &mut one)?;
        h1.drop_vrrp(Direction::Outgoing)?;
        all_are_lost(&one, &mut two)?;
        h1.stop_dropping()?;
        h1.stop_dropping()?;
        passes(&one, &mut two)?;
        passes(&two, &mut one)?;
    }
    Ok(())
}

fn priority_zero_only() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    h1.drop_priority_zero()?;
    for family in FAMILIES {
        let (mut one, mut two) = (Adverts::open(h1, family)?, Adverts::open(h2, family)?);
        for priority in [0, 1, 0, 255] {
            one.send(priority)?;
        }
        let mut heard = Vec::new();
        wait("the last advert", || {
            heard.extend(two.heard().unwrap_or_default());
            heard.contains(&255)
        })?;
        ensure(heard == [1, 255], || format!("{family:?}: {heard:?}"))?;
        // The other host's resignation is not concerned.
        two.send(0)?;
        wait("h2's resignation", || one.heard().is_ok_and(|heard| heard == [0]))?;
    }
    Ok(())
}

fn all_are_lost(from: &Adverts, to: &mut Adverts) -> Result<(), Failed> {
    ensure(is_lost(from, to)?, || "an advert came through".to_owned())
}
