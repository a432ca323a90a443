//! What a worker says of its proxies and servers: `show stat`.

use crate::csv;
use crate::unreadable::Unreadable;

const COMMAND: &str = "show stat";

/// All proxies and servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    rows: Vec<Row>,
}

/// A frontend, a backend or a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The proxy's name.
    pub proxy: String,
    /// The server's name; `FRONTEND` or `BACKEND`.
    pub name: String,
    /// Which of them it is.
    pub kind: Kind,
    /// In HAProxy's words: `OPEN`, `UP`, `DOWN 1/2`, `MAINT`, `no check`.
    pub status: String,
    /// Sessions that it has now.
    pub sessions: u64,
}

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A frontend, or the front of a `listen` section.
    Frontend,
    /// A backend, or the back of a `listen` section.
    Backend,
    /// A server of a backend.
    Server,
}

impl Row {
    /// Whether a server gets connections: it is up (or on its way down, with some checks still to fail), or nobody checks
    /// it.
    pub fn is_up(&self) -> bool {
        self.status == "no check" || self.status.split(' ').next() == Some("UP")
    }
}

impl Stat {
    /// Reads an answer to `show stat`.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let records = csv::records(text);
        let title = records.first().filter(|title| title.first().is_some_and(|name| name.starts_with('#')));
        let title = title.ok_or_else(|| Unreadable::new(COMMAND, "it has no line with the names", text))?;
        let column = |name: &str| {
            let place = title.iter().position(|found| found.trim_start_matches('#').trim() == name);
            place.ok_or_else(|| Unreadable::new(COMMAND, format!("it has no column `{name}`"), text))
        };
        let (proxy, name, kind) = (column("pxname")?, column("svname")?, column("type")?);
        let (status, sessions) = (column("status")?, column("scur")?);
        let row = |record: &Vec<String>| {
            let field = |place: usize| record.get(place).cloned();
            let kind = match field(kind)?.as_str() {
                "0" => Kind::Frontend,
                "1" => Kind::Backend,
                "2" => Kind::Server,
                // Single listeners, and what later versions may have.
                _ => return None,
            };
            let sessions = field(sessions)?.parse().unwrap_or(0);
            Some(Row { proxy: field(proxy)?, name: field(name)?, kind, status: field(status)?, sessions })
        };
        Ok(Self { rows: records.iter().skip(1).filter_map(row).collect() })
    }

    /// A frontend or a backend.
    pub fn proxy(&self, kind: Kind, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == kind && row.proxy == name)
    }

    /// The names of all frontends or all backends.
    pub fn proxies(&self, kind: Kind) -> Vec<&str> {
        self.rows.iter().filter(|row| row.kind == kind).map(|row| row.proxy.as_str()).collect()
    }

    /// The servers of a backend.
    pub fn servers(&self, backend: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.kind == Kind::Server && row.proxy == backend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 2.6, with the columns after the 36th left out.
    const ANSWER: &str = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,\
        status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,\
        rate_max,\n\
        fe,FRONTEND,,,7,9,9978,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,0,0,0,\n\
        paused,FRONTEND,,,0,0,9978,0,0,0,0,0,0,,,,,PAUSED,,,,,,,,,1,2,0,,,,0,0,0,0,\n\
        web,a,0,0,3,4,,0,0,0,,0,,0,0,0,0,UP 2/3,1,1,0,1,1,2,2,,1,3,1,,0,,2,0,,0,\n\
        web,b,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,1,0,1,1,2,2,,1,3,2,,0,,2,0,,0,\n\
        web,c,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,1,1,0,,,2,,,1,3,3,,0,,2,0,,0,\n\
        web,BACKEND,0,0,3,4,998,0,0,0,0,0,,0,0,0,0,UP,1,1,0,,0,2,0,,1,3,0,,0,,1,0,,0,\n\n";

    #[test]
    fn the_answer_is_read_by_names() {
        // A later version has other columns, elsewhere, and a listener.
        let later = "# status,type,scur,new,svname,pxname\nOPEN,0,7,,FRONTEND,fe\nPAUSED,0,0,x,FRONTEND,paused\n\
            OPEN,3,,,sock-1,fe\nUP 2/3,2,3,\"a,b\",a,web\nDOWN,2,0,,b,web\nno check,2,0,,c,web\nUP,1,3,,BACKEND,web\n";
        for text in [ANSWER, later] {
            let stat = Stat::parse(text).unwrap();
            assert_eq!(stat.proxies(Kind::Frontend), ["fe", "paused"]);
            assert_eq!(stat.proxies(Kind::Backend), ["web"]);
            assert_eq!(stat.proxy(Kind::Frontend, "fe").unwrap().status, "OPEN");
            assert_eq!(stat.proxy(Kind::Frontend, "web"), None);
            assert_eq!(stat.proxy(Kind::Backend, "web").unwrap().sessions, 3);
            let servers: Vec<_> = stat.servers("web").map(|row| (row.name.as_str(), row.sessions)).collect();
            assert_eq!(servers, [("a", 3), ("b", 0), ("c", 0)]);
        }
    }

    #[test]
    fn servers_that_get_connections_are_up() {
        for (status, up) in [
            ("UP", true),
            ("UP 1/3", true),
            ("no check", true),
            ("DOWN", false),
            ("DOWN 1/2", false),
            ("DOWN (agent)", false),
            ("NOLB", false),
            ("NOLB 1/2", false),
            ("DRAIN", false),
            ("DRAIN (agent)", false),
            ("MAINT", false),
            ("MAINT (via web/a)", false),
            ("MAINT (resolution)", false),
        ] {
            let (proxy, name) = ("web".to_owned(), "a".to_owned());
            let row = Row { proxy, name, kind: Kind::Server, status: status.to_owned(), sessions: 0 };
            assert_eq!(row.is_up(), up, "{status}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (text, expected) in [
            ("", "no answer to `show stat`: it has no line with the names; it begins with: (nothing)"),
            (
                "Permission denied\n",
                "no answer to `show stat`: it has no line with the names; it begins with: Permission denied",
            ),
            (
                "# pxname,svname,status\nfe,FRONTEND,OPEN\n",
                "no answer to `show stat`: it has no column `type`; it begins with: # pxname,svname,status",
            ),
        ] {
            assert_eq!(Stat::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
