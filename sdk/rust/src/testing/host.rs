//! The host's functions, made up: the twin of `host.rs`, which is compiled for WebAssembly.

use std::time::Duration;

use super::fake::{Emitted, Notified, Said, Tracked, with};
use crate::actions::Ran;
use crate::http::{Request, Response};
use crate::log::Level;
use crate::notify::Mail;
use crate::probe::{Answer, Question};
use crate::{Error, ErrorKind, Result, Severity, Timestamp, Verdict};

pub(crate) fn log(level: Level, line: &str) {
    // Shown by `cargo test` if the test fails.
    println!("{level:?}: {line}");
    with(|fake| fake.log.push((level, line.to_owned())));
}

pub(crate) fn now() -> Timestamp {
    with(|fake| fake.now)
}

pub(crate) fn sleep(milliseconds: u32) {
    let time = Duration::from_millis(milliseconds.into());
    with(|fake| {
        fake.slept += time;
        fake.advance(time);
    });
}

pub(crate) fn kv_get(key: &str) -> Result<Option<Vec<u8>>> {
    with(|fake| Ok(fake.kv.get(key).cloned()))
}

pub(crate) fn kv_set(key: &str, value: &[u8]) -> Result<()> {
    with(|fake| fake.kv.insert(key.to_owned(), value.to_owned()));
    Ok(())
}

pub(crate) fn kv_delete(key: &str) -> Result<bool> {
    with(|fake| Ok(fake.kv.remove(key).is_some()))
}

pub(crate) fn kv_keys(prefix: &str) -> Result<Vec<String>> {
    with(|fake| Ok(fake.kv.keys().filter(|key| key.starts_with(prefix)).cloned().collect()))
}

pub(crate) fn http_send(request: Request) -> Result<Response> {
    with(|fake| {
        fake.requests.push(request.clone());
        fake.next_answer(&request)
    })
}

pub(crate) fn run(name: &str) -> Result<Ran> {
    with(|fake| {
        let refused = || {
            let text = format!("the test has no action {name}: Host::new().action(\"{name}\", 0, \"\")");
            Error::from_host(ErrorKind::Denied, text)
        };
        let ran = fake.actions.get(name).cloned().ok_or_else(refused)?;
        fake.ran.push(name.to_owned());
        Ok(ran)
    })
}

pub(crate) fn tcp(address: &str, question: &Question) -> Result<Answer> {
    probe(address, question)
}

pub(crate) fn unix(path: &str, question: &Question) -> Result<Answer> {
    probe(path, question)
}

fn probe(address: &str, question: &Question) -> Result<Answer> {
    with(|fake| {
        fake.probed.push((address.to_owned(), question.send.clone()));
        let Some(answer) = fake.listening.get(address) else {
            return Err(Error::from_host(
                ErrorKind::Unavailable,
                format_args!("{address}: connection refused"),
            ));
        };
        let received = answer.iter().copied().take(question.receive as usize).collect();
        Ok(Answer::new(received, Duration::from_micros(250)))
    })
}

pub(crate) fn notify_send(destination: &str, text: &str) -> Result<()> {
    notify(destination, text, Said::Text(text.to_owned()))
}

pub(crate) fn notify_mail(destination: &str, mail: Mail) -> Result<()> {
    let subject = mail.subject.clone();
    notify(destination, &subject, Said::Mail(mail))
}

pub(crate) fn notify_webhook(destination: &str, body: &str) -> Result<()> {
    notify(destination, body, Said::Posted(serde_json::from_str(body)?))
}

/// `words` are what must not be empty.
fn notify(destination: &str, words: &str, said: Said) -> Result<()> {
    if words.trim().is_empty() {
        let text = format!("the message to {destination} is empty");
        return Err(Error::from_host(ErrorKind::Invalid, text));
    }
    with(|fake| {
        if !fake.destinations.contains(destination) {
            let text = format!(
                "the test has no destination {destination}: Host::new().destination(\"{destination}\")"
            );
            return Err(Error::from_host(ErrorKind::Denied, text));
        }
        fake.notified.push(Notified { destination: destination.to_owned(), said });
        Ok(())
    })
}

pub(crate) fn track_set(name: &str, verdict: &Verdict, ttl_ms: u32) -> Result<()> {
    let ttl = Duration::from_millis(ttl_ms.into());
    with(|fake| fake.tracked.push(Tracked { name: name.to_owned(), verdict: verdict.clone(), ttl }));
    Ok(())
}

pub(crate) fn metric_add(name: &str, by: f64) -> Result<()> {
    finite(name, by)?;
    if by < 0.0 {
        return Err(Error::from_host(
            ErrorKind::Invalid,
            format_args!("the counter {name} cannot shrink: use a gauge"),
        ));
    }
    with(|fake| *fake.metrics.entry(name.to_owned()).or_default() += by);
    Ok(())
}

pub(crate) fn metric_set(name: &str, to: f64) -> Result<()> {
    finite(name, to)?;
    with(|fake| fake.metrics.insert(name.to_owned(), to));
    Ok(())
}

fn finite(name: &str, number: f64) -> Result<()> {
    if number.is_finite() {
        return Ok(());
    }
    Err(Error::from_host(ErrorKind::Invalid, format_args!("{number} is no number for the metric {name}")))
}

pub(crate) fn emit(name: &str, severity: Severity, data: &str) -> Result<()> {
    let data: serde_json::Value = serde_json::from_str(data)?;
    if !data.is_object() {
        let text = format!("cannot emit {name}: its data should be an object, not {data}");
        return Err(Error::from_host(ErrorKind::Invalid, text));
    }
    with(|fake| fake.emitted.push(Emitted { name: name.to_owned(), severity, data }));
    Ok(())
}
