//! "Did you mean": the name that is most like another.

/// The candidate that differs from `name` in the fewest letters, if that are few.
pub(crate) fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + name.chars().count() / 4;
    let scored = candidates.into_iter().filter_map(|candidate| {
        let distance = distance(&name.to_lowercase(), &candidate.to_lowercase());
        (distance <= most).then_some((distance, candidate))
    });
    scored.min().map(|(_, candidate)| candidate)
}

/// How many letters must be added, taken away, changed or swapped with the next (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, _) => j,
                (_, 0) => i,
                _ => {
                    let same = usize::from(a[i - 1] != b[j - 1]);
                    let least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        least.min(rows[i - 2][j - 2] + 1)
                    } else {
                        least
                    }
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_found() {
        let names = ["on_master", "on_backup", "on_fault", "run"];
        let table = [
            ("on_mster", Some("on_master")),
            ("on_matser", Some("on_master")),
            ("onMaster", Some("on_master")),
            ("on_back_up", Some("on_backup")),
            ("on_failure", None),
            ("rnu", Some("run")),
            ("x", None),
        ];
        for (name, expected) in table {
            assert_eq!(similar(name, names), expected, "{name}");
        }
    }
}
