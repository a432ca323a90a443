//! The story of the mails: h1 loses its cable, and with it the way to its administrator, too; h2 serves and says so; h1 is
//! back, and what it could not say arrives.

mod scene;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use keepwatch_lab::{Daemon, MailServer, TakenMail};

use super::stage::{Stage, wait_for};
use super::teller::Teller;
use scene::Scene;

const INSTANCES: [&str; 2] = [
    include_str!("../../../../../examples/haproxy-pair/h1.conf"),
    include_str!("../../../../../examples/haproxy-pair/h2.conf"),
];
/// The host of the mail server.
const MAIL: usize = 2;
const MAIL_PORT: u16 = 25;
/// Longer than the pauses between attempts become in this story.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who plays in it.
pub(super) struct MailStory {
    // What runs on the hosts ends before the network they are on.
    daemons: Vec<Daemon>,
    server: MailServer,
    pub(super) stage: Stage,
}

impl MailStory {
    /// Sets two hosts, a mail server, a client and a switch up.
    pub(super) fn begin(teller: Teller, folder: PathBuf) -> io::Result<Self> {
        let stage = Stage::set(teller, folder, 3)?;
        let server = MailServer::start(&stage.lan.hosts[MAIL], MAIL_PORT)?;
        Ok(Self { daemons: Vec::new(), server, stage })
    }

    /// Tells it; true if all of it happened.
    pub(super) fn tell(&mut self) -> io::Result<bool> {
        self.stage.say(&Scene::Opening { settings: settings(1, &self.server_address()) });
        self.stage.say(&Scene::Starting);
        for host in [0, 1] {
            let daemon = self.daemon(host)?;
            self.daemons.push(daemon);
        }
        self.stage.master_scene(0, 0, "h1 becomes MASTER and holds 10.1.1.30")?;
        self.mail_scene(0, "[h1] VI_1 is MASTER", "h1 has mailed that it is MASTER");

        let (before, heard) = (self.server.mails().len(), self.stage.heard());
        self.stage.say(&Scene::Pulling { host: "h1".to_owned() });
        self.stage.lan.hosts[0].pull_cable()?;
        self.stage.master_scene(1, heard, "h2 takes over 10.1.1.30")?;
        self.mail_scene(before, "[h2] VI_1 is MASTER", "h2 has mailed that it is MASTER");
        let silent = self.since(before).iter().all(|mail| !subject(mail).starts_with("[h1]"));
        self.stage.step("h1 could not say anything meanwhile", silent);

        let heard = self.stage.heard();
        self.stage.say(&Scene::Plugging { host: "h1".to_owned() });
        self.stage.lan.hosts[0].plug_cable()?;
        self.stage.master_scene(0, heard, "h1 comes back and takes 10.1.1.30 over again")?;
        self.mail_scene(
            before,
            "[h1] VI_1 is FAULT",
            "what h1 could not say then has arrived: it was in FAULT",
        );
        self.mail_scene(before, "[h1] VI_1 is MASTER", "h1 has mailed that it is MASTER again");
        self.mail_scene(before, "[h2] VI_1 is BACKUP", "h2 has mailed that it is BACKUP again");
        Ok(self.curtain(before))
    }

    /// Waits until a mail with this beginning of a subject has come, of those after the first so many.
    fn mail_scene(&mut self, after: usize, begins: &str, what: &'static str) {
        let come = || self.since(after).into_iter().find(|mail| subject(mail).starts_with(begins));
        let happened = wait_for(PATIENCE, || come().is_some());
        if let Some(mail) = come() {
            self.stage.say(&Scene::Came { subject: subject(&mail) });
        }
        self.stage.step(what, happened);
    }

    /// The mails themselves, and the summary.
    fn curtain(&mut self, before: usize) -> bool {
        let all = self.server.mails();
        let ids: BTreeSet<Option<String>> = all.iter().map(|mail| mail.header("Message-ID")).collect();
        self.stage.step("no mail came twice", ids.len() == all.len());
        let failover = self.since(before);
        self.stage.say(&Scene::Mails { count: failover.len() });
        for mail in &failover {
            self.stage.say(&Scene::Mail(mail.clone()));
        }
        let ok = self.stage.all_happened();
        self.stage.say(&Scene::Summary {
            ok,
            steps: self.stage.steps.clone(),
            mails: all.len(),
            of_failover: failover.len(),
            took: self.stage.began.elapsed(),
        });
        ok
    }

    /// What the server has taken but for the first so many.
    fn since(&self, before: usize) -> Vec<TakenMail> {
        self.server.mails().split_off(before)
    }

    fn server_address(&self) -> String {
        self.stage.lan.hosts[MAIL].address.to_string()
    }

    fn daemon(&self, host: usize) -> io::Result<Daemon> {
        let place = &self.stage.lan.hosts[host];
        let folder = self.stage.folder.join(&place.name);
        std::fs::create_dir(&folder)?;
        std::fs::write(folder.join("keepalived.conf"), instances(host))?;
        let config = folder.join("keepwatch.toml");
        std::fs::write(&config, settings(host + 1, &self.server_address()))?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "--config"]).arg(config);
        // Hosts have networks of their own, but one file system, which is the machine's.
        command.env("KEEPWATCH_CONTROL", Stage::control_socket(&self.stage.folder, &place.name));
        command.env("KEEPWATCH_STATE_DIR", folder.join("state"));
        command.env("KEEPWATCH_CACHE_DIR", folder.join("state"));
        Daemon::start(&place.namespace, &mut command)
    }
}

/// A host's `keepalived.conf`. Hosts have one host name, which is the machine's: this says what mails call them.
fn instances(host: usize) -> String {
    let instances = INSTANCES.get(host).copied().unwrap_or_default();
    instances.replace("router_id LVS_DEVEL", &format!("router_id h{}", host + 1))
}

/// A host's `keepwatch.toml`.
fn settings(host: usize, server: &str) -> String {
    format!(
        "keepalived = \"keepalived.conf\"\n\n[notify.admins]\nsmtp = \"{server}\"\ntls = \"none\"\n\
         from = \"keepwatch@h{host}.example.com\"\nto = \"admin@example.com\"\n"
    )
}

fn subject(mail: &TakenMail) -> String {
    mail.header("Subject").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_shows_is_a_configuration() {
        let folder = std::env::temp_dir().join(format!("keepwatch-demo-mail-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("keepalived.conf"), instances(0)).unwrap();
        let file = folder.join("keepwatch.toml");
        std::fs::write(&file, settings(1, "10.1.1.40")).unwrap();
        let site = keepwatch_config::load_site(&file).unwrap();
        assert!(site.config.is_some(), "{}", site.render(keepwatch_config::Style::Plain));
        assert!(instances(1).contains("router_id h2\n"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
