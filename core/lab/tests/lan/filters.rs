//! Adverts and other packets that get lost.

use std::time::Duration;

use keepwatch_lab::{Direction, Lan, Prober};
use keepwatch_system::IpFamily;
use libtest_mimic::Failed;

use crate::support::{Adverts, ensure, is_lost, passes, wait};
use crate::{Case, NFT};

pub(crate) const CASES: &[Case] = &[
    Case { name: "filters::one_direction_only", needs: Some(NFT), run: one_direction_only },
    Case { name: "filters::priority_zero_only", needs: Some(NFT), run: priority_zero_only },
    Case { name: "filters::all_of_one_direction", needs: Some(NFT), run: all_of_one_direction },
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

/// The question is lost, or the answer: nobody answers, in both families, while adverts pass the other way.
fn all_of_one_direction() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    for direction in [Direction::Incoming, Direction::Outgoing] {
        for target in [h1.address.into(), h1.address_v6.into()] {
            let prober = Prober::start(h2, target, Duration::from_millis(5))?;
            wait("an answer", || prober.probes().answered() > 0)?;
            h1.drop_all(direction)?;
            // What was under way may still be answered.
            let from = prober.probes().sent();
            wait("requests", || prober.probes().sent() > from + 20)?;
            let before = prober.probes().answered();
            wait("more requests", || prober.probes().sent() > from + 40)?;
            ensure(prober.probes().answered() == before, || format!("{direction:?}: {target} answers"))?;
            h1.stop_dropping()?;
            wait("an answer again", || prober.probes().answered() > before)?;
        }
        let family = IpFamily::V4;
        let (mut one, mut two) = (Adverts::open(h1, family)?, Adverts::open(h2, family)?);
        h1.drop_all(direction)?;
        match direction {
            Direction::Incoming => passes(&one, &mut two)?,
            Direction::Outgoing => passes(&two, &mut one)?,
        }
        h1.stop_dropping()?;
    }
    Ok(())
}

fn all_are_lost(from: &Adverts, to: &mut Adverts) -> Result<(), Failed> {
    ensure(is_lost(from, to)?, || "an advert came through".to_owned())
}
