//! From what HAProxy says to whether it is well.

use keepwatch_event::Health;
use keepwatch_host::Verdict;

use crate::check::{Backend, Check};
use crate::info::Info;
use crate::stat::{Kind, Stat};

/// Names that are listed when one is not among them.
const LISTED: usize = 10;

/// Compares what there is with what must be. All that is wrong is said, and if nothing is, all that is right.
pub(crate) fn judge(check: &Check, info: &Info, stat: &Stat) -> Verdict {
    let frontends = check.frontends.iter().map(|name| frontend(name, stat));
    let backends = check.backends.iter().map(|wanted| backend(wanted, stat));
    let (mut good, mut bad) = (vec![format!("haproxy {} answers", info.version)], Vec::new());
    for found in frontends.chain(backends) {
        match found {
            Ok(text) => good.push(text),
            Err(text) => bad.push(text),
        }
    }
    if bad.is_empty() {
        return Verdict { health: Health::Pass, text: good.join(", ") };
    }
    Verdict { health: Health::Fail, text: bad.join("; ") }
}

fn frontend(name: &str, stat: &Stat) -> Result<String, String> {
    let Some(row) = stat.proxy(Kind::Frontend, name) else {
        return Err(absent("frontend", name, &stat.proxies(Kind::Frontend)));
    };
    if row.status == "OPEN" {
        return Ok(format!("frontend {name} is open"));
    }
    Err(format!("frontend {name} is not open: its status is {}", row.status))
}

fn backend(wanted: &Backend, stat: &Stat) -> Result<String, String> {
    let (name, least) = (&wanted.name, wanted.up);
    if stat.proxy(Kind::Backend, name).is_none() {
        return Err(absent("backend", name, &stat.proxies(Kind::Backend)));
    }
    let (mut all, mut up) = (0_usize, 0_usize);
    for server in stat.servers(name) {
        all += 1;
        up += usize::from(server.is_up());
    }
    let is = if up == 1 { "is" } else { "are" };
    if up >= least {
        return Ok(format!("{up} of {all} servers of backend {name} {is} up"));
    }
    if up == 0 {
        return Err(format!("backend {name} has no server that is up"));
    }
    Err(format!("{up} of {all} servers of backend {name} {is} up, at least {least} must be"))
}

/// That something is not there, and what is.
pub(crate) fn absent(what: &str, name: &str, there: &[&str]) -> String {
    let mut listed = there.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    if there.len() > LISTED {
        listed.push_str(", ...");
    }
    match there.len() {
        0 => format!("there is no {what} {name}; there is none at all"),
        1 => format!("there is no {what} {name}; there is {listed}"),
        _ => format!("there is no {what} {name}; there are {listed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::info::Phase;
    use crate::worker::Socket;

    const ANSWER: &str = "# pxname,svname,scur,status,type\nfe,FRONTEND,0,OPEN,0\nold,FRONTEND,0,STOP,0\n\
        web,a,0,UP,2\nweb,b,0,DOWN 1/2,2\nweb,c,0,no check,2\nweb,BACKEND,0,UP,1\n\
        one,a,0,UP 1/2,2\none,BACKEND,0,UP,1\ndead,a,0,MAINT,2\ndead,BACKEND,0,DOWN,1\n";

    fn told(frontends: &[&str], backends: &[(&str, usize)], answer: &str) -> (Health, String) {
        let info = Info { version: "2.6.12".to_owned(), pid: 1, phase: Phase::Running };
        let check = Check {
            socket: Socket::Stats(Address::Unix("/x".into())),
            frontends: frontends.iter().map(|&name| name.to_owned()).collect(),
            backends: backends.iter().map(|&(name, up)| Backend { name: name.to_owned(), up }).collect(),
        };
        let verdict = judge(&check, &info, &Stat::parse(answer).unwrap());
        (verdict.health, verdict.text)
    }

    #[test]
    fn what_is_right_passes() {
        for (frontends, backends, text) in [
            (&["fe"][..], &[][..], "haproxy 2.6.12 answers, frontend fe is open"),
            (&[], &[("web", 1)], "haproxy 2.6.12 answers, 2 of 3 servers of backend web are up"),
            (&[], &[("one", 1)], "haproxy 2.6.12 answers, 1 of 1 servers of backend one is up"),
            (&[], &[("dead", 0)], "haproxy 2.6.12 answers, 0 of 1 servers of backend dead are up"),
        ] {
            assert_eq!(told(frontends, backends, ANSWER), (Health::Pass, text.to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (frontends, backends, text) in [
            (&[][..], &[("dead", 1)][..], "backend dead has no server that is up"),
            (&[], &[("web", 3)], "2 of 3 servers of backend web are up, at least 3 must be"),
            (&[], &[("wbe", 1)], "there is no backend wbe; there are web, one, dead"),
            (&["ef"], &[("web", 1)], "there is no frontend ef; there are fe, old"),
            (
                &["old"],
                &[("web", 1), ("dead", 1)],
                "frontend old is not open: its status is STOP; backend dead has no server that is up",
            ),
        ] {
            assert_eq!(told(frontends, backends, ANSWER), (Health::Fail, text.to_owned()));
        }
        let (_, text) = told(&[], &[("web", 1)], "# pxname,svname,scur,status,type\n");
        assert_eq!(text, "there is no backend web; there is none at all");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (1..=12).map(|number| format!("b{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = "there is no backend x; there are b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, ...";
        assert_eq!(absent("backend", "x", &names), text);
    }
}
