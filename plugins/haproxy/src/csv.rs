//! HAProxy's CSV: fields with commas, quotes or line ends stand in quotes, and quotes in them twice.

/// The records of a text.
pub(crate) fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut place = Place::Start;
    for letter in text.chars() {
        place = match (place, letter) {
            (Place::Start, '"') => Place::Quoted,
            (Place::Quoted, '"') => Place::Quote,
            (Place::Quote, '"') => {
                field.push('"');
                Place::Quoted
            }
            (Place::Quoted, _) => {
                field.push(letter);
                Place::Quoted
            }
            (_, ',') => {
                record.push(std::mem::take(&mut field));
                Place::Start
            }
            (_, '\n') => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
                Place::Start
            }
            (_, '\r') => place,
            (Place::Start | Place::Plain | Place::Quote, _) => {
                field.push(letter);
                Place::Plain
            }
        };
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    // An answer ends with an empty line.
    records.retain(|record| record.iter().any(|field| !field.is_empty()));
    records
}

/// Where in a field we are.
#[derive(Clone, Copy)]
enum Place {
    Start,
    Plain,
    Quoted,
    /// After a quote within quotes: it was the last one, or the first of two.
    Quote,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_fields() {
        for (text, expected) in [
            ("", vec![]),
            ("\n\n", vec![]),
            ("a,b\n", vec![vec!["a", "b"]]),
            ("a,b,\nc,,d", vec![vec!["a", "b", ""], vec!["c", "", "d"]]),
            ("a,\"b,c\",d\n\n", vec![vec!["a", "b,c", "d"]]),
            ("\"say \"\"no\"\"\",\"two\nlines\"\r\n", vec![vec!["say \"no\"", "two\nlines"]]),
            ("\"\",a\"b,\n", vec![vec!["", "a\"b", ""]]),
            ("a,\"never ends", vec![vec!["a", "never ends"]]),
        ] {
            assert_eq!(records(text), expected, "{text:?}");
        }
    }
}
