//! The functions that plugins of every runtime may call. Each checks its grants and limits here; what it does outside
//! is [`Effects`].

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use keepwatch_event::{Event, LogLevel, Severity, Timestamp, counted};
use serde_json::{Map, Value};

use crate::effects::{Answer, Effects, HttpRequest, HttpResponse, MetricChange, Question, Ran};
use crate::error::HostError;
use crate::grant::{Grant, HostPort, Origin, Scheme};
use crate::limits::Limits;
use crate::message::{Content, Message};
use crate::permit::Permit;
use crate::plugin::Verdict;
use crate::rate::Rate;
use crate::spec::PluginSpec;

/// The longest line of a log, in octets; more is cut.
pub const LINE: usize = 4 << 10;
/// The largest value, request or answer.
const LARGEST: usize = 1 << 20;
/// The longest key or name.
const NAME: usize = 256;
/// The largest data of an event.
const DATA: usize = 16 << 10;
/// How long before the end of a call an action is stopped.
const RUN_ENDS: Duration = Duration::from_millis(1_500);
/// The longest that a verdict holds.
const TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// A running plugin's way out. Clones share one.
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
}

struct Shared {
    plugin: Arc<str>,
    config: Value,
    permit: Permit,
    limits: Limits,
    effects: Arc<dyn Effects>,
    call: Mutex<Call>,
    rates: Arc<Rates>,
}

/// How often a plugin may do what others have to read. One that is started anew again and again has no more for that.
#[derive(Debug)]
pub(crate) struct Rates {
    log: Rate,
    emit: Rate,
    track: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self { log: Rate::new(200, 20), emit: Rate::new(100, 10), track: Rate::new(100, 10) }
    }
}

/// The present call to the plugin.
#[derive(Default)]
struct Call {
    /// When it must be over; none before the first call.
    deadline: Option<Instant>,
    /// The event that is handled, if one is.
    about: Option<Arc<Event>>,
    /// Messages so far.
    messages: u32,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("plugin", &self.shared.plugin).finish_non_exhaustive()
    }
}

impl Host {
    /// The host of one running plugin.
    pub fn new(spec: &PluginSpec, effects: Arc<dyn Effects>) -> Self {
        Self::sharing(spec, effects, Arc::default())
    }

    /// The same, with the rates of those before it.
    pub(crate) fn sharing(spec: &PluginSpec, effects: Arc<dyn Effects>, rates: Arc<Rates>) -> Self {
        let shared = Shared {
            plugin: Arc::clone(&spec.name),
            config: Value::Object(spec.config.clone()),
            permit: spec.permit(),
            limits: spec.limits.clone(),
            effects,
            call: Mutex::default(),
            rates,
        };
        Self { shared: Arc::new(shared) }
    }

    /// The plugin's name.
    #[must_use]
    pub fn plugin(&self) -> &str {
        &self.shared.plugin
    }

    /// What it may use up.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// What it may do.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        &self.shared.permit
    }

    /// Its settings, a JSON object.
    #[must_use]
    pub fn config(&self) -> &Value {
        &self.shared.config
    }

    /// A call to the plugin begins; it may take this long. For whoever calls plugins, not for runtimes.
    pub fn begin_call(&self, within: Duration) {
        *self.present() = Call { deadline: Some(Instant::now() + within), ..Call::default() };
    }

    /// The same for a call in which it handles an event: what it tells is about that.
    pub fn begin_handling(&self, within: Duration, event: &Arc<Event>) {
        self.begin_call(within);
        self.present().about = Some(Arc::clone(event));
    }

    fn present(&self) -> MutexGuard<'_, Call> {
        self.shared.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the present call may still take; the limit of a call if there is none.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let deadline = self.present().deadline;
        deadline.map_or(self.shared.limits.call, |at| at.saturating_duration_since(Instant::now()))
    }

    /// The wished time-out, but no longer than the call may still take.
    fn within(&self, wished: Option<Duration>) -> Duration {
        wished.map_or_else(|| self.remaining(), |wished| wished.min(self.remaining()))
    }

    /// A line for the log, as [`one_line`] makes it; too many lines in a short time are counted instead of written.
    pub fn log(&self, level: LogLevel, message: &str) {
        let Some(skipped) = self.shared.rates.log.take() else { return };
        if skipped > 0 {
            let text = format!("{} not logged: too many in a short time", counted(skipped, "line"));
            self.shared.effects.log(&self.shared.plugin, LogLevel::Warning, text);
        }
        self.shared.effects.log(&self.shared.plugin, level, one_line(message, LINE));
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.effects.now()
    }

    /// Waits, but no longer than the call may still take.
    pub async fn sleep(&self, time: Duration) {
        self.shared.effects.sleep(time.min(self.remaining())).await;
    }

    /// The value of a key.
    ///
    /// # Errors
    ///
    /// If the key is too long or the store cannot be read.
    pub async fn kv_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        name("a key", key)?;
        self.shared.effects.kv_get(&self.shared.plugin, key).await
    }

    /// Sets a key's value.
    ///
    /// # Errors
    ///
    /// If key or value are too long, the store is full or cannot be written.
    pub async fn kv_set(&self, key: &str, value: &[u8]) -> Result<(), HostError> {
        name("a key", key)?;
        at_most("value", value.len(), LARGEST)?;
        self.shared.effects.kv_set(&self.shared.plugin, key, value).await
    }

    /// Removes a key; whether it was there.
    ///
    /// # Errors
    ///
    /// If the key is too long or the store cannot be written.
    pub async fn kv_delete(&self, key: &str) -> Result<bool, HostError> {
        name("a key", key)?;
        self.shared.effects.kv_delete(&self.shared.plugin, key).await
    }

    /// The keys that begin so, in order.
    ///
    /// # Errors
    ///
    /// If the prefix is too long or the store cannot be read.
    pub async fn kv_keys(&self, prefix: &str) -> Result<Vec<String>, HostError> {
        at_most("prefix", prefix.len(), NAME)?;
        self.shared.effects.kv_keys(&self.shared.plugin, prefix).await
    }

    /// An HTTP request to a granted origin. `within` and the number of redirects are cut to what is allowed.
    ///
    /// # Errors
    ///
    /// If there is no grant, it took too long, nobody answered, or the answer is too large. A status is no error.
    pub async fn http(&self, mut request: HttpRequest) -> Result<HttpResponse, HostError> {
        at_most("body", request.body.len(), LARGEST)?;
        request.within = self.within(Some(request.within));
        request.redirects = request.redirects.min(10);
        let origin = origin(&request.url)?;
        self.need(&Grant::Origin(origin), "send a request to")?;
        self.shared.effects.http(request, &self.shared.permit).await
    }

    /// Runs an action and waits for its end.
    ///
    /// # Errors
    ///
    /// If there is no grant, no such action, it could not be started or took too long. An exit code is no error.
    pub async fn run(&self, action: &str) -> Result<Ran, HostError> {
        name("an action", action)?;
        self.need(&Grant::Run(action.to_owned()), "run")?;
        // It is stopped while there is time to say so, and to end it gently.
        let remaining = self.remaining();
        let within = remaining.saturating_sub(RUN_ENDS.min(remaining / 2));
        self.shared.effects.run(&self.shared.plugin, action, within).await
    }

    /// Connects to `HOST:PORT`, sends and receives.
    ///
    /// # Errors
    ///
    /// If there is no grant, or nobody answers in time.
    pub async fn tcp(&self, address: &str, question: Question) -> Result<Answer, HostError> {
        let to = HostPort::parse(address, None).map_err(HostError::invalid)?;
        self.need(&Grant::Tcp(to.clone()), "connect to")?;
        self.shared.effects.tcp(&to, self.question(question)?).await
    }

    /// Connects to a Unix socket, sends and receives.
    ///
    /// # Errors
    ///
    /// If there is no grant, or nobody answers in time.
    pub async fn unix(&self, path: &str, question: Question) -> Result<Answer, HostError> {
        let grant: Grant = format!("unix:{path}").parse().map_err(HostError::invalid)?;
        self.need(&grant, "connect to")?;
        self.shared.effects.unix(Path::new(path), self.question(question)?).await
    }

    fn question(&self, mut question: Question) -> Result<Question, HostError> {
        at_most("what is sent", question.send.len(), LARGEST)?;
        question.receive = question.receive.min(LARGEST);
        question.within = self.within(Some(question.within));
        Ok(question)
    }

    /// Hands a message in for a destination, which gets it sooner or later, also after a restart. What a plugin says twice
    /// about one event is told once.
    ///
    /// # Errors
    ///
    /// If there is no grant, no such destination, or one of another kind; if the message is empty or too large, there were
    /// too many in a short time, or it is about what became of a message there.
    pub async fn notify(&self, destination: &str, content: Content) -> Result<(), HostError> {
        name("a destination", destination)?;
        self.need(&Grant::Notify(destination.to_owned()), "send messages to")?;
        let content = content.checked()?;
        let (about, number) = {
            let mut call = self.present();
            call.messages = call.messages.saturating_add(1);
            (call.about.clone(), call.messages)
        };
        let (plugin, destination) = (Arc::clone(&self.shared.plugin), destination.to_owned());
        let message = Message { plugin, destination, content, about, number };
        message.check_end()?;
        self.shared.effects.notify(message).await
    }

    /// Says how something is that instances can track.
    ///
    /// # Errors
    ///
    /// If there is no grant, or the time to live is zero.
    pub fn set_track(&self, name_: &str, mut verdict: Verdict, ttl: Duration) -> Result<(), HostError> {
        name("what is tracked", name_)?;
        self.need(&Grant::Track(name_.to_owned()), "say how this is:")?;
        if ttl.is_zero() {
            return Err(HostError::invalid("a verdict's time to live is more than zero"));
        }
        if self.shared.rates.track.take().is_none() {
            return Err(HostError::limit("too many verdicts in a short time: 100 at once, then 10 a second"));
        }
        verdict.text = one_line(&verdict.text, LINE);
        self.shared.effects.set_track(&self.shared.plugin, name_, verdict, ttl.min(TTL))
    }

    /// Counts or sets a number.
    ///
    /// # Errors
    ///
    /// If the name is no name, the number is none, a counter would shrink, or there are too many metrics.
    pub fn metric(&self, name_: &str, change: MetricChange) -> Result<(), HostError> {
        name("a metric", name_)?;
        let (MetricChange::Add(number) | MetricChange::Set(number)) = change;
        if !number.is_finite() {
            return Err(HostError::invalid(format!("{number} is no number for the metric {name_}")));
        }
        if matches!(change, MetricChange::Add(by) if by < 0.0) {
            return Err(HostError::invalid(format!("the counter {name_} cannot shrink: use a gauge")));
        }
        self.shared.effects.metric(&self.shared.plugin, name_, change)
    }

    /// An event of the plugin's own. `data` is a JSON object.
    ///
    /// # Errors
    ///
    /// If the data is no object or too large, there were too many in a short time, or the plugin's events have too many
    /// names.
    pub fn emit(&self, name_: &str, severity: Severity, data: Value) -> Result<(), HostError> {
        name("an event", name_)?;
        let data = match data {
            Value::Object(data) => data,
            Value::Null => Map::new(),
            _ => return Err(HostError::invalid("an event's data is an object")),
        };
        at_most("event", serde_json::to_string(&data).map_or(0, |text| text.len()), DATA)?;
        if self.shared.rates.emit.take().is_none() {
            return Err(HostError::limit("too many events in a short time: 100 at once, then 10 a second"));
        }
        self.shared.effects.emit(&self.shared.plugin, name_, severity, data)
    }

    fn need(&self, grant: &Grant, deed: &str) -> Result<(), HostError> {
        let Shared { plugin, permit, .. } = &*self.shared;
        if permit.has(grant) {
            return Ok(());
        }
        let (what, remedy) = (subject(grant), permit.remedy([grant.to_string()]));
        Err(HostError::denied(format!("{plugin} may not {deed} {what}; {remedy}")))
    }
}

/// What a grant is about, for "may not run ...".
fn subject(grant: &Grant) -> String {
    match grant {
        Grant::Run(name) => format!("the action \"{name}\""),
        Grant::Track(name) | Grant::Notify(name) => format!("\"{name}\""),
        Grant::Origin(_) | Grant::Tcp(_) | Grant::Unix(_) => {
            let text = grant.to_string();
            text.trim_start_matches("tcp:").trim_start_matches("unix:").to_owned()
        }
    }
}

/// The origin of an absolute URL.
///
/// # Errors
///
/// What is wrong with it.
pub fn origin(url: &str) -> Result<Origin, HostError> {
    // The path may be a secret.
    let shown = url.split('/').take(3).collect::<Vec<&str>>().join("/");
    let wrong = |why: String| HostError::invalid(format!("{shown:?} is no URL to send requests to: {why}"));
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme".to_owned()))?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(wrong("its scheme is neither http nor https".to_owned())),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if authority.contains('@') {
        return Err(wrong("user and password belong into a header".to_owned()));
    }
    let at = HostPort::parse(authority, Some(scheme.port())).map_err(wrong)?;
    Ok(Origin { scheme, at })
}

/// Refuses what is no name of this: `an event`.
fn name(of: &str, text: &str) -> Result<(), HostError> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(HostError::invalid(format!("{text:?} is no name for {of}")));
    }
    at_most(of, text.len(), NAME)
}

/// Refuses what is larger than it may be.
pub(crate) fn at_most(what: &str, length: usize, most: usize) -> Result<(), HostError> {
    if length <= most {
        return Ok(());
    }
    Err(HostError::limit(format!("{what} has {length} octets, {most} are allowed")))
}

/// Text without control characters, cut to so many octets. Line breaks stay.
#[must_use]
pub fn printable(text: &str, most: usize) -> String {
    let mut printed = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        if printed.len() + c.len_utf8() > most {
            printed.push_str("...");
            break;
        }
        if c == '\n' || c == '\t' || !c.is_control() {
            printed.push(c)
        } else {
            printed.extend(c.escape_default())
        }
    }
    printed
}

/// What somebody else says, in one line of ours: [`keepwatch_event::one_line`], cut to so many octets.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    printable(&keepwatch_event::one_line(text), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_stands_before_the_path() {
        let table = [
            ("http://127.0.0.1:9187/lag", "http://127.0.0.1:9187"),
            ("HTTPS://Example.com?x=1", "https://example.com"),
            ("http://[::1]/", "http://[::1]"),
        ];
        for (url, expected) in table {
            assert_eq!(origin(url).unwrap().to_string(), expected);
        }
        for url in ["example.com", "ftp://x/", "http://a@b/", "http://", "http://a:0/", "http://a b/"] {
            assert!(origin(url).is_err(), "{url}");
        }
    }

    #[test]
    fn text_for_terminals_has_no_control_characters() {
        assert_eq!(printable("a\u{1b}[31mb\nc", 100), "a\\u{1b}[31mb\nc");
        assert_eq!(printable("äöü", 4), "äö...");
        assert_eq!(one_line("a\nb\u{1b}", 100), "a / b\\u{1b}");
        assert_eq!(one_line("a\nbcd", 5), "a / b...");
    }
}
