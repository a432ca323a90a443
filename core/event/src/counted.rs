//! Numbers as people say them.

/// A number and what it counts: `1 event`, `2 events`, `5,760 events`. For nouns that take an `s`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// With commas: `5,760`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (5_760, "5,760"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_noun_agrees_with_its_number() {
        for (number, text) in [(0, "0 events"), (1, "1 event"), (2, "2 events"), (1_001, "1,001 events")] {
            assert_eq!(counted(number, "event"), text);
        }
    }
}
