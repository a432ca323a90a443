//! The part of regular expressions that the schema uses: letters, `\.`, classes, groups with `|`, and `*`, `+`, `?`.

/// Whether all of `text` is as a pattern `^...$` says.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let inner = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).unwrap();
    let (choices, rest) = choices(inner);
    assert_eq!(rest, "", "{pattern}");
    any(&choices, text, &mut |rest| rest.is_empty())
}

enum Part {
    Class(Vec<(char, char)>),
    Group(Vec<Vec<Many>>),
}

/// A part, so many times.
struct Many {
    part: Part,
    least: usize,
    most: usize,
}

/// Sequences between `|`, up to a `)` or the end, and what follows.
fn choices(mut rest: &str) -> (Vec<Vec<Many>>, &str) {
    let (mut choices, mut sequence) = (Vec::new(), Vec::new());
    loop {
        let Some(first) = rest.chars().next().filter(|c| *c != ')') else {
            choices.push(sequence);
            return (choices, rest);
        };
        rest = &rest[first.len_utf8()..];
        let part = match first {
            '|' => {
                choices.push(std::mem::take(&mut sequence));
                continue;
            }
            '(' => {
                let (inner, after) = self::choices(rest);
                rest = after.strip_prefix(')').unwrap();
                Part::Group(inner)
            }
            '[' => {
                let (class, after) = rest.split_once(']').unwrap();
                rest = after;
                let ranges: Vec<char> = class.chars().collect();
                Part::Class(
                    ranges
                        .split(|c| *c == '-')
                        .map(|ends| ends[0])
                        .collect::<Vec<_>>()
                        .windows(2)
                        .map(|ends| (ends[0], ends[1]))
                        .collect(),
                )
            }
            '\\' => {
                let escaped = rest.chars().next().unwrap();
                rest = &rest[escaped.len_utf8()..];
                Part::Class(vec![(escaped, escaped)])
            }
            letter => Part::Class(vec![(letter, letter)]),
        };
        let (least, most) = match rest.chars().next() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            _ => (1, 1),
        };
        if (least, most) != (1, 1) {
            rest = &rest[1..];
        }
        sequence.push(Many { part, least, most });
    }
}

type Then<'t> = dyn FnMut(&str) -> bool + 't;

fn any(choices: &[Vec<Many>], text: &str, then: &mut Then<'_>) -> bool {
    choices.iter().any(|sequence| all(sequence, text, then))
}

fn all(sequence: &[Many], text: &str, then: &mut Then<'_>) -> bool {
    match sequence {
        [] => then(text),
        [first, rest @ ..] => repeated(first, 0, text, &mut |left| all(rest, left, then)),
    }
}

fn repeated(many: &Many, so_far: usize, text: &str, then: &mut Then<'_>) -> bool {
    let again = so_far < many.most
        && once(&many.part, text, &mut |left| {
            left.len() < text.len() && repeated(many, so_far + 1, left, then)
        });
    again || so_far >= many.least && then(text)
}

fn once(part: &Part, text: &str, then: &mut Then<'_>) -> bool {
    match part {
        Part::Group(choices) => any(choices, text, then),
        Part::Class(ranges) => {
            let mut chars = text.chars();
            let is_in = |c: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
            chars.next().is_some_and(is_in) && then(chars.as_str())
        }
    }
}
