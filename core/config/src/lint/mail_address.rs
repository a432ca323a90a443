//! What is a mail address.

/// Whether mail can go there: `admin@example.com`, `admin` at this host, or either behind a name, in angle brackets.
pub(crate) fn is_mail_address(text: &str) -> bool {
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let is_part = |part: &str, more: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || more.contains(c))
    };
    match address.split_once('@') {
        Some((user, domain)) => is_part(user, USER) && is_part(domain, "-._:[]"),
        None => is_part(address, USER),
    }
}

/// What a user's name may have beside letters and digits (RFC 5322 3.2.3), and the dots between.
const USER: &str = "!#$%&'*+-/=?^_`{|}~.";
