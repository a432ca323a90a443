//! Letters by their ids, as people give them.

use keepwatch_config::listed;

use crate::notifier::NotFound;

/// The id that is meant by one that was given: the same, or the only one that begins so.
///
/// # Errors
///
/// If there is none, or several begin so.
pub fn meant<'a>(given: &str, ids: impl IntoIterator<Item = &'a str>) -> Result<&'a str, NotFound> {
    let mut begin_so: Vec<&str> = ids.into_iter().filter(|id| id.starts_with(given)).collect();
    // One event may wait for several destinations: it is the same letter.
    begin_so.sort_unstable();
    begin_so.dedup();
    match begin_so[..] {
        // The shortest is the first.
        [id, ..] if id == given => Ok(id),
        // A variable of a script that is not set means no letter.
        [id] if !given.is_empty() => Ok(id),
        [_, _, ..] if !given.is_empty() => {
            Err(NotFound::Several { given: given.to_owned(), ids: listed(&begin_so) })
        }
        _ => Err(NotFound::Letter(given.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_meant_by_itself_or_its_beginning() {
        let ids = ["h1-12", "h1-1", "h1-12", "h2-7"];
        let meant = |given: &str| meant(given, ids).map_err(|error| error.to_string());
        assert_eq!(meant("h1-12"), Ok("h1-12"));
        assert_eq!(meant("h1-1"), Ok("h1-1"), "though another one begins so");
        assert_eq!(meant("h2"), Ok("h2-7"));
        assert_eq!(meant("h1"), Err("h1 is the beginning of several ids: h1-1, h1-12".to_owned()));
        assert_eq!(meant("h3"), Err("nothing of the id h3 waits or was given up".to_owned()));
        assert_eq!(meant(""), Err("nothing of the id  waits or was given up".to_owned()));
    }
}
