//! End to end: the real program on hosts made of network namespaces, alone and beside keepalived and FRR.
//!
//! Needs root or user namespaces, and the peers for some tests. What cannot run says why on one line; with CI=1
//! or CI=true in the environment it fails instead, unless it is the kernel that lacks something.

mod accept;
mod addresses;
mod adverts;
mod announcing;
mod beside;
mod checks;
mod components;
mod converted;
mod corpus;
mod dumps;
mod election;
mod explaining;
mod faults;
mod handover;
mod host_check;
mod hostile;
mod includes;
mod interop;
mod ipvlan;
mod kills;
mod leftovers;
mod lifetimes;
mod mail;
mod manners;
mod messages;
mod native;
mod notify;
mod notify_changes;
mod one_way;
mod page;
mod peers;
mod plugins;
mod processes;
mod reload;
mod reload_random;
mod reload_together;
mod routing;
mod scheduling;
mod scripts;
mod secondaries;
mod site;
mod spacing;
mod status;
mod storm;
mod taking_part;
mod trackers;
mod tracking;
mod vmac;
mod vmac_settings;
mod vmac_standby;
mod watching;
mod wire;

use std::process::ExitCode;
use std::sync::{PoisonError, RwLock};

use keepwatch_lab::{Enclosed, enclose};
use keepwatch_system::netlink::{IpvlanReach, NewIpvlan, Requests};
use libtest_mimic::{Arguments, Failed, Trial};

/// Tests mostly wait for timers: several run at once even on two cores.
const AT_ONCE: usize = 6;

/// A test: its name, what it needs besides namespaces, and what it does.
struct Case {
    name: &'static str,
    needs: &'static [Need],
    run: fn() -> Result<(), Failed>,
}

/// Held by every test while it runs: shared by most, alone by one that disturbs the others.
static MACHINE: RwLock<()> = RwLock::new(());

/// What a test may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A program at this path, from this Debian package.
    Program(&'static str, &'static str),
    /// To be the real root, not that of a user namespace.
    RealRoot,
    /// The machine for itself.
    Solitude,
    /// A kernel that has ipvlans.
    Ipvlans,
    /// A kernel that has none.
    NoIpvlans,
}

const HAPROXY: Need = Need::Program("/usr/sbin/haproxy", "haproxy");

impl Need {
    /// Why a test that needs this cannot run here.
    fn missing(self) -> Option<String> {
        match self {
            Self::Program(path, package) if !std::path::Path::new(path).exists() => {
                Some(format!("{path} is not installed (apt-get install {package})"))
            }
            Self::RealRoot if !is_real_root() => Some("it needs the real root".to_owned()),
            Self::Ipvlans if !has_ipvlans() => Some("this kernel has no ipvlans (CONFIG_IPVLAN)".to_owned()),
            Self::NoIpvlans if has_ipvlans() => Some("this kernel has ipvlans".to_owned()),
            Self::Program(..) | Self::RealRoot | Self::Solitude | Self::Ipvlans | Self::NoIpvlans => None,
        }
    }

    /// Whether nobody can install it: what needs it is not run, and that is no failure.
    const fn is_the_kernels(self) -> bool {
        matches!(self, Self::Ipvlans | Self::NoIpvlans)
    }
}

/// Root of the first user namespace, where every user is mapped.
fn is_real_root() -> bool {
    std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.contains("4294967295"))
}

/// Whether the kernel knows what an ipvlan is, and says only that there is no interface for it to stand on.
fn has_ipvlans() -> bool {
    let nowhere = NewIpvlan { name: "none", base: u32::MAX >> 1, reach: IpvlanReach::Bridge };
    let asked = Requests::open().and_then(|mut requests| requests.add_ipvlan(nowhere));
    asked.is_err_and(|error| error.kind() != std::io::ErrorKind::Unsupported)
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "1" || value == "true")
}

fn main() -> ExitCode {
    match enclose() {
        Ok(Enclosed::Inside { folder }) => site::set_folder(folder),
        Ok(Enclosed::Outside(code)) => return ExitCode::from(code),
        Err(error) => {
            eprintln!("the tests in namespaces are not run: {error}");
            return if in_ci() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let groups = [
        accept::CASES,
        addresses::CASES,
        adverts::CASES,
        announcing::CASES,
        checks::CASES,
        components::CASES,
        converted::CASES,
        corpus::CASES,
        dumps::CASES,
        election::CASES,
        explaining::CASES,
        faults::CASES,
        host_check::CASES,
        hostile::CASES,
        includes::CASES,
        interop::CASES,
        ipvlan::CASES,
        leftovers::CASES,
        kills::CASES,
        lifetimes::CASES,
        mail::CASES,
        manners::CASES,
        messages::CASES,
        native::CASES,
        notify::CASES,
        notify_changes::CASES,
        one_way::CASES,
        page::CASES,
        plugins::CASES,
        processes::CASES,
        reload::CASES,
        reload_random::CASES,
        reload_together::CASES,
        routing::CASES,
        scheduling::CASES,
        scripts::CASES,
        spacing::CASES,
        secondaries::CASES,
        status::CASES,
        storm::CASES,
        taking_part::CASES,
        trackers::CASES,
        tracking::CASES,
        vmac::CASES,
        vmac_settings::CASES,
        vmac_standby::CASES,
        watching::CASES,
        wire::CASES,
    ];
    let trials = groups.into_iter().flatten().map(trial).chain(handover::trials()).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(case: &'static Case) -> Trial {
    trial_of(case.name.to_owned(), case.needs, case.run)
}

/// A test of this name that runs if what it needs is there.
fn trial_of(
    name: String,
    needs: &[Need],
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let Some(why) = needs.iter().find_map(|need| need.missing()) else {
        if needs.contains(&Need::Solitude) {
            return Trial::test(name, || {
                let _machine = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
                run()
            });
        }
        return Trial::test(name, || {
            let _machine = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
            run()
        });
    };
    let is_the_kernels = needs.iter().any(|need| need.is_the_kernels() && need.missing().is_some());
    if in_ci() && !is_the_kernels {
        return Trial::test(name, move || Err(why.into()));
    }
    eprintln!("{name} is not run: {why}");
    Trial::test(name, || Ok(())).with_ignored_flag(true)
}
