//! Killed while it hands mails over.

use std::sync::Arc;

use keepwatch_lab::{MailServer, MailStep, TakenMail};
use libtest_mimic::Failed;

use super::Field;
use super::ledger::Got;
use super::trap::{Seen, Step, Trap};
use crate::site::Site;

const PORT: u16 = 2525;
const WAY: &str = r#"smtp = "127.0.0.1:2525"
tls = "none"
from = "k@example.com"
to = "admin@example.com"
text = "{% for event in events %}letter {{ event.id }}\n{% endfor %}"
"#;

impl Step for MailStep {
    const ALL: &'static [Self] = &[
        Self::Connected,
        Self::Hello,
        Self::Sender,
        Self::Recipient,
        Self::Data,
        Self::Begun,
        Self::Taken,
        Self::Told,
        Self::Leaving,
    ];

    fn seen(self) -> Seen {
        match self {
            Self::Taken => Seen::Never,
            // The rest of a message that has begun may have been sent.
            Self::Begun | Self::Told | Self::Leaving => Seen::Perhaps,
            _ => Seen::NotTaken,
        }
    }
}

pub(super) fn kills() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let trap = Arc::new(Trap::new());
    let attend = Arc::clone(&trap);
    let server = MailServer::attended(site.host(1), PORT, move |step| {
        if step == MailStep::Connected && attend.is_shut() {
            return Some("421 not now");
        }
        attend.pass(step);
        None
    })?;
    let got = move || -> Vec<Got> { server.mails().iter().map(as_got).collect() };
    Field::new(site, WAY, trap, Box::new(got))?.play("kills::mail")
}

fn as_got(mail: &TakenMail) -> Got {
    let plain = mail.plain();
    let letters = plain.lines().filter_map(|line| line.strip_prefix("letter ")).map(str::to_owned).collect();
    Got { id: mail.header("Message-ID").unwrap_or_default(), letters }
}
