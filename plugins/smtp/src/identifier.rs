//! Message-IDs: the same for the same message, whatever it is called.

use std::hash::{DefaultHasher, Hash, Hasher};

use keepwatch_notify::Parcel;

/// The longest part before or after the `@`, in octets.
const LONGEST: usize = 150;

/// The id of a parcel's mail, the same at each attempt: servers and readers know a repetition by it.
pub(crate) fn of_parcel(parcel: &Parcel) -> String {
    format!("<{}.{}@{}>", local(&parcel.id), local(&parcel.destination), domain(&parcel.node))
}

/// The id that all mails about an instance answer to: readers show them as one thread. No mail has it itself.
pub(crate) fn of_thread(parcel: &Parcel) -> Option<String> {
    let instance = parcel.instance()?;
    Some(format!("<keepwatch.{}@{}>", local(instance), domain(&parcel.node)))
}

/// A part before the `@`, without a dot at its ends or two in a row (RFC 5322 3.2.3). What it cannot have is spelled as
/// `=2F`, so that different names stay different.
fn local(name: &str) -> String {
    let mut local = String::new();
    for octet in name.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => local.push(octet.into()),
            other => local.push_str(&format!("={other:02X}")),
        }
    }
    if local.is_empty() { "=".to_owned() } else { shortened(local) }
}

/// A part after the `@`.
fn domain(node: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let labels = node.split('.').map(|label| label.chars().map(plain).collect::<String>());
    let labels: Vec<String> = labels.filter(|label| !label.is_empty()).collect();
    if labels.is_empty() { "localhost".to_owned() } else { shortened(labels.join(".")) }
}

/// A long one is cut, with a sum of all of it at its end.
fn shortened(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let mut sum = DefaultHasher::new();
    text.hash(&mut sum);
    format!("{}-{:016x}", text[..LONGEST].trim_end_matches('.'), sum.finish())
}

#[cfg(test)]
mod tests {
    use keepwatch_notify::sample;

    use super::*;

    #[test]
    fn the_same_mail_has_the_same_id_and_another_has_another() {
        let first = sample::transition();
        let mut again = sample::transition();
        again.attempt.number = 7;
        assert_eq!(of_parcel(&first), "<h1-19cceaa1f00-3e8-1.admins@h1>");
        assert_eq!(of_parcel(&again), of_parcel(&first));
        let mut elsewhere = sample::transition();
        elsewhere.destination = "others".into();
        assert_ne!(of_parcel(&elsewhere), of_parcel(&first));
    }

    #[test]
    fn ids_are_well_formed_whatever_names_are() {
        assert_eq!(of_thread(&sample::transition()).as_deref(), Some("<keepwatch.VI_1@h1>"));
        let table = [
            ("VI 1", "VI=201"),
            ("a..b.", "a=2E=2Eb=2E"),
            ("", "="),
            ("x>\r\n", "x=3E=0D=0A"),
            ("é", "=C3=A9"),
        ];
        for (name, expected) in table {
            assert_eq!(local(name), expected, "{name:?}");
        }
        let table = [
            ("h1.example.com", "h1.example.com"),
            (".a..b_c.", "a.b-c"),
            ("..", "localhost"),
            ("a b\n", "a-b-"),
        ];
        for (name, expected) in table {
            assert_eq!(domain(name), expected, "{name:?}");
        }
        let long = "x".repeat(4_000);
        assert!(local(&long).len() < 200);
        assert_ne!(local(&long), local(&format!("{long}y")));
    }
}
