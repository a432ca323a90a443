//! One mail over a session: MAIL, RCPT, DATA.

use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::MailParameter;

use crate::reply::Reply;
use crate::session::Session;
use crate::trouble::{Asked, Trouble};

/// How it went with a mail that at least one recipient has got.
#[derive(Debug)]
pub(crate) struct Given {
    /// What the relay said at last.
    pub(crate) said: String,
    /// Who has got it.
    pub(crate) taken: Vec<Address>,
    /// Who never will.
    pub(crate) refused: Vec<Answered>,
    /// Who may later.
    pub(crate) put_off: Vec<Answered>,
}

/// A recipient, and what the relay said of him.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) whom: Address,
    pub(crate) reply: Reply,
}

/// What relays said of recipients, in one line.
pub(crate) fn in_one_line(answered: &[Answered]) -> String {
    let each: Vec<String> = answered.iter().map(|one| format!("{}: {}", one.whom, one.reply.line)).collect();
    each.join(", ")
}

/// Gives a message to all recipients that the relay takes.
///
/// # Errors
///
/// Nobody has got it.
pub(crate) async fn give(
    session: &mut Session<'_>,
    from: &Address,
    to: &[Address],
    message: &[u8],
) -> Result<Given, Trouble> {
    begin(session, from, to).await?;
    let (mut taken, mut refused, mut put_off) = (Vec::new(), Vec::new(), Vec::new());
    for whom in to {
        let reply = session.say(Rcpt::new(whom.clone(), Vec::new())).await.map_err(Trouble::Relay)?;
        if reply.is_positive() {
            taken.push(whom.clone());
            continue;
        }
        match Trouble::of(&reply, Asked::Message) {
            Trouble::Relay(why) => return Err(Trouble::Relay(why)),
            Trouble::Judged(_) if reply.code < 500 => put_off.push(Answered { whom: whom.clone(), reply }),
            Trouble::Judged(_) => refused.push(Answered { whom: whom.clone(), reply }),
        }
    }
    if taken.is_empty() {
        return Err(nobody(&refused, &put_off));
    }
    let reply = session.say(Data).await.map_err(Trouble::Relay)?;
    if reply.code != 354 {
        return Err(Trouble::of(&reply, Asked::Message));
    }
    let reply = session.send(message).await.map_err(Trouble::Relay)?;
    if !reply.is_positive() {
        return Err(Trouble::of(&reply, Asked::Message));
    }
    Ok(Given { said: reply.line, taken, refused, put_off })
}

/// MAIL.
async fn begin(session: &mut Session<'_>, from: &Address, to: &[Address]) -> Result<(), Trouble> {
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let strange = std::iter::once(from).chain(to).find(|address| !is_ascii(address));
    let parameters = match strange {
        None => Vec::new(),
        Some(_) if session.takes_utf8() => vec![MailParameter::SmtpUtfEight],
        Some(address) => {
            return Err(Trouble::Relay(format!("it does not offer SMTPUTF8, which {address} needs")));
        }
    };
    let reply = session.say(Mail::new(Some(from.clone()), parameters)).await.map_err(Trouble::Relay)?;
    if !reply.is_positive() {
        return Err(Trouble::of(&reply, Asked::Sender));
    }
    Ok(())
}

/// No recipient is taken: later, if that may change for one of them.
fn nobody(refused: &[Answered], put_off: &[Answered]) -> Trouble {
    let first = put_off.first().or_else(|| refused.first());
    let Some(first) = first else { return Trouble::Relay("there is no recipient".to_owned()) };
    let line = if put_off.is_empty() { in_one_line(refused) } else { in_one_line(put_off) };
    Trouble::of(&Reply { code: first.reply.code, line }, Asked::Message)
}
