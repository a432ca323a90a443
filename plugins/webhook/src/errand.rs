//! One message on its way.

use std::time::SystemTime;

use hyper::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use keepwatch_event::counted;
use keepwatch_notify::{Dialogue, Outcome, VEIL};
use tokio::time::timeout_at;

use crate::body::Message;
use crate::draft::{Draft, authorization};
use crate::endpoint::{Endpoint, Scheme};
use crate::outcome::{Answer, first_line};
use crate::proxy::{Way, variable};
use crate::secret::Secrets;
use crate::settings::Settings;
use crate::signature::Stamp;
use crate::wire::{Deadline, Reply, open, talk};

/// Parts of a URL that are at least so long may be secrets of their own.
const SECRET: usize = 8;

/// What one delivery has to hand.
pub(crate) struct Errand<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) secrets: &'a Secrets,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) deadline: Deadline,
    pub(crate) heard: &'a dyn Dialogue,
}

impl Errand<'_> {
    /// Sends a message.
    ///
    /// # Errors
    ///
    /// Why there was no answer.
    pub(crate) async fn run(&self, message: Message, stamp: &Stamp) -> Result<Outcome, String> {
        let Self { settings, secrets, endpoint, deadline, heard } = *self;
        let way = Way::to(endpoint, &settings.proxy, variable)?;
        let shown = self.shown(&message, &way, stamp)?;
        let request = Draft::new(settings, endpoint, &way, secrets, stamp, message)?.request()?;
        let server = endpoint.to_string();
        let opened = open(endpoint, &way, &settings.tls, secrets, deadline, heard);
        let opened = timeout_at(deadline.until, opened).await;
        let stream = opened.map_err(|_| format!("{server} could not be reached within {deadline}"))??;
        if endpoint.scheme == Scheme::Http {
            heard.note("without TLS: whoever is on the way can read it");
        }
        shown.iter().for_each(|line| heard.said(line));
        let reply = talk(&server, stream, request, deadline).await?;
        Ok(self.hear(&reply).outcome(&server, SystemTime::now()))
    }

    /// The request, as the dialogue is told it.
    fn shown(&self, message: &Message, way: &Way<'_>, stamp: &Stamp) -> Result<Vec<String>, String> {
        let shown = Message { content_type: message.content_type.clone(), body: String::new(), path: None };
        let (endpoint, veiled) = (self.endpoint.veiled(), Secrets::default());
        let mut lines = Draft::new(self.settings, &endpoint, way, &veiled, stamp, shown)?.head();
        lines.push(format!("({})", counted(message.body.len() as u64, "octet")));
        Ok(lines)
    }

    /// Reads the answer, and tells the dialogue of it.
    fn hear(&self, reply: &Reply) -> Answer {
        let hidden = self.hidden();
        let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
        let clean = |text: &[u8]| first_line(&self.secrets.veil(&String::from_utf8_lossy(text), &hidden));
        let (status, headers) = (reply.head.status, &reply.head.headers);
        self.heard.heard(&format!("HTTP/1.1 {}", status.as_u16()));
        for (name, value) in headers {
            // Theirs may be secrets, too: a new URL, a session.
            let is_open = name != LOCATION && name != SET_COOKIE;
            let value = if is_open { clean(value.as_bytes()) } else { VEIL.to_owned() };
            self.heard.heard(&format!("{name}: {value}"));
        }
        let line = clean(&reply.body);
        if !line.is_empty() {
            self.heard.heard(&line);
        }
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Answer { status, retry_after: header(RETRY_AFTER), location: header(LOCATION), line }
    }

    /// What stands in the request because of secrets, and is none of them: a server may repeat it.
    fn hidden(&self) -> Vec<String> {
        let path = &self.endpoint.path;
        let mut hidden = vec![path.clone()];
        // A topic or a token may be repeated without the rest.
        hidden
            .extend(path.split(['/', '?', '&', '=']).filter(|part| part.len() >= SECRET).map(str::to_owned));
        for auth in self.settings.credentials() {
            let said = authorization(auth, self.secrets);
            hidden.extend(said.split_once(' ').map(|(_, encoded)| encoded.to_owned()));
        }
        hidden
    }
}
