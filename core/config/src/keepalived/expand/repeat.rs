//! `~SEQ(var, start, step, end) text` and `~LST({a,b}, {1,2}, {3,4}) text`: a line that stands for several.

/// What a line says about its own repetition.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// The variables, and for each repetition their values.
    pub(super) names: Vec<String>,
    pub(super) rounds: Rounds,
    /// Where the text begins that is repeated.
    pub(super) text_at: usize,
}

/// The values of the variables, one round after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rounds {
    /// Of one variable.
    Numbers { start: i64, step: i64, end: i64, radix: Radix },
    /// Of all variables, as many each time.
    Lists(Vec<Vec<String>>),
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Radix {
    Decimal,
    Hexadecimal,
}

/// Whether a line is one of these.
pub(super) fn is_repeat(line: &str) -> bool {
    line.starts_with("~SEQ") || line.starts_with("~LST")
}

impl Repeat {
    /// Reads the beginning of a line; `replaced` puts values in place of variables among the numbers. `Err` says what is wrong.
    pub(super) fn read(line: &str, replaced: impl Fn(&str) -> String) -> Result<Self, &'static str> {
        let rest = line.get(4..).unwrap_or_default();
        if line.starts_with("~LST") { lists(line, rest) } else { numbers(line, rest, replaced) }
    }
}

impl Rounds {
    /// How often the line stands.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Numbers { start, step, end, .. } => end.abs_diff(*start) / step.unsigned_abs().max(1) + 1,
            Self::Lists(lists) => u64::try_from(lists.len()).unwrap_or(u64::MAX),
        }
    }

    /// The values in order.
    pub(super) fn values(&self) -> Box<dyn Iterator<Item = Vec<String>> + '_> {
        match self {
            Self::Lists(lists) => Box::new(lists.iter().cloned()),
            Self::Numbers { start, step, radix, .. } => {
                let (mut next, count) = (*start, usize::try_from(self.count()).unwrap_or(usize::MAX));
                let numbers = std::iter::repeat_with(move || {
                    let now = next;
                    next = next.saturating_add(*step);
                    now
                });
                Box::new(numbers.take(count).map(|number| {
                    vec![match radix {
                        Radix::Decimal => number.to_string(),
                        Radix::Hexadecimal => format!("{number:x}"),
                    }]
                }))
            }
        }
    }
}

fn numbers(line: &str, rest: &str, replaced: impl Fn(&str) -> String) -> Result<Repeat, &'static str> {
    let (radix, rest) = match rest.strip_prefix('x') {
        Some(rest) => (Radix::Hexadecimal, rest),
        None => (Radix::Decimal, rest),
    };
    let rest = rest.trim_start_matches(BLANK).strip_prefix('(').ok_or("a `(` should follow")?;
    let (inner, _) = rest.split_once(')').ok_or("the `)` is missing")?;
    let text_at = line.len() - rest.len() + inner.len() + 1;
    let (name, numbers) = inner.split_once(',').ok_or("a `,` and numbers should follow the name")?;
    let name = name.trim_matches(BLANK);
    if name.is_empty() || name.contains(BLANK) || name.starts_with('{') {
        return Err("the name of a variable should stand first");
    }
    let numbers = replaced(numbers.trim_start_matches(BLANK));
    let numbers: Option<Vec<i64>> =
        numbers.split(',').map(|word| integer(word.trim_matches(BLANK))).collect();
    let numbers = numbers.ok_or("these should be whole numbers")?;
    let (start, step, end) = match numbers.as_slice() {
        // As keepalived counts from one number alone, also for zero.
        [end] => (if *end < 0 { -1 } else { 1 }, if *end < 1 { -1 } else { 1 }, *end),
        [start, end] => (*start, if start <= end { 1 } else { -1 }, *end),
        [start, step, end] => (*start, *step, *end),
        _ => {
            return Err(
                "one to three numbers should stand here: the end, start and end, or start, step and end",
            );
        }
    };
    if step == 0 || (start < end && step < 0) || (start > end && step > 0) {
        return Err("the end cannot be reached with this step");
    }
    if radix == Radix::Hexadecimal && (start < 0 || end < 0) {
        return Err("hexadecimal numbers cannot be negative");
    }
    let text_at = behind_blanks(line, text_at);
    Ok(Repeat { names: vec![name.to_owned()], rounds: Rounds::Numbers { start, step, end, radix }, text_at })
}

fn lists(line: &str, rest: &str) -> Result<Repeat, &'static str> {
    const COMMA: &str = "a `,` and values should follow the names";
    let rest = rest.trim_start_matches(BLANK).strip_prefix('(').ok_or("a `(` should follow")?;
    let (names, mut rest) = set(rest).ok_or("the `}` behind the names is missing")?;
    if names.iter().any(|name| name.is_empty() || name.contains(BLANK)) {
        return Err("the name of a variable should stand here");
    }
    rest = rest.strip_prefix(',').ok_or(COMMA)?;
    let mut rounds = Vec::new();
    loop {
        let (mut values, after) = set(rest).ok_or("a `}` or the `)` is missing")?;
        if values.len() > names.len() {
            return Err("there are more values than names");
        }
        values.resize(names.len(), String::new());
        rounds.push(values);
        if let Some(text) = after.strip_prefix(')') {
            let text_at = behind_blanks(line, line.len() - text.len());
            return Ok(Repeat { names, rounds: Rounds::Lists(rounds), text_at });
        }
        rest = after.strip_prefix(',').ok_or("the `)` is missing")?;
    }
}

/// One word, or several in braces; and what follows.
fn set(text: &str) -> Option<(Vec<String>, &str)> {
    let text = text.trim_start_matches(BLANK);
    let words = |inner: &str| inner.split(',').map(|word| word.trim_matches(BLANK).to_owned()).collect();
    if let Some(inner) = text.strip_prefix('{') {
        let (inner, after) = inner.split_once('}')?;
        return Some((words(inner), after.trim_start_matches(BLANK)));
    }
    let end = text.find([',', ')'])?;
    let (word, after) = text.split_at_checked(end)?;
    Some((vec![word.trim_matches(BLANK).to_owned()], after))
}

/// As strtol(3) with base 0 reads it; nothing at all is 0, as under keepalived.
fn integer(word: &str) -> Option<i64> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let magnitude = match digits {
        "" | "0" => Some(0),
        _ if digits.starts_with("0x") || digits.starts_with("0X") => {
            digits.get(2..).and_then(|hex| i64::from_str_radix(hex, 16).ok())
        }
        _ if digits.starts_with('0') => i64::from_str_radix(digits, 8).ok(),
        _ if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    // As far as a sum with any step stays a number.
    magnitude
        .filter(|magnitude| (0..=i64::MAX / 4).contains(magnitude))
        .map(|magnitude: i64| sign * magnitude)
}

fn behind_blanks(line: &str, at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    line.len() - rest.trim_start_matches(BLANK).len()
}

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(String, String), &'static str> {
        let repeat = Repeat::read(line, |text| text.replace("$N", "3"))?;
        let rounds: Vec<String> = repeat.rounds.values().map(|values| values.join("+")).collect();
        assert_eq!(u64::try_from(rounds.len()).unwrap(), repeat.rounds.count());
        let names = repeat.names.join("+");
        Ok((format!("{names}: {}", rounds.join(" ")), line[repeat.text_at..].to_owned()))
    }

    #[test]
    fn what_is_repeated_and_with_which_values() {
        let table = [
            ("~SEQ(v, 1, 3) x", "v: 1 2 3", "x"),
            ("~SEQ(v,3) x", "v: 1 2 3", "x"),
            ("~SEQ(v,-2) x", "v: -1 -2", "x"),
            ("~SEQ(v,0) x", "v: 1 0", "x"),
            ("~SEQ(v,3,1)", "v: 3 2 1", ""),
            ("~SEQ( v , 0 , 5 , 11 )  x y", "v: 0 5 10", "x y"),
            ("~SEQx(v, 0x90, 0x10, 0xc0) x", "v: 90 a0 b0 c0", "x"),
            ("~SEQ(v, 010) x", "v: 1 2 3 4 5 6 7 8", "x"),
            ("~SEQ(v, 7, 7) x", "v: 7", "x"),
            ("~SEQ(v, 1, $N) ~SEQ(w, 2) x", "v: 1 2 3", "~SEQ(w, 2) x"),
            ("~LST(v, a, b) x", "v: a b", "x"),
            ("~LST({v,w}, {a,b}, {c , d}) x", "v+w: a+b c+d", "x"),
            ("~LST({v,w},{a},c) x", "v+w: a+ c+", "x"),
            ("~LST(v,a)x", "v: a", "x"),
        ];
        for (line, rounds, text) in table {
            assert_eq!(read(line), Ok((rounds.to_owned(), text.to_owned())), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for line in [
            "~SEQ",
            "~SEQ(",
            "~SEQ(v)",
            "~SEQ(,1)",
            "~SEQ(v, x)",
            "~SEQ(v,1,0,5)",
            "~SEQ(v,1,-1,5)",
            "~SEQ(v,1,2,3,4)",
            "~SEQx(v,-1,2)",
            "~SEQ(v,99999999999999999999)",
            "~LST",
            "~LST(v",
            "~LST(v)",
            "~LST({v,w},a",
            "~LST(v,{a,b}) x",
            "~LST(,a) x",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
