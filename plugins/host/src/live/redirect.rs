//! Where a redirect leads: from what a `Location` says to a URL, as RFC 3986, section 5.2, has it.

use hyper::Uri;

use crate::error::HostError;
use crate::grant::Origin;

/// The URL that a redirect from `url`, which is at `from`, leads to.
///
/// # Errors
///
/// If `url` is none.
pub(crate) fn target(from: &Origin, url: &str, location: &str) -> Result<String, HostError> {
    let location = location.split_once('#').map_or(location, |(location, _fragment)| location);
    if has_scheme(location) {
        return Ok(location.to_owned());
    }
    if let Some(rest) = location.strip_prefix("//") {
        return Ok(format!("{}://{rest}", from.scheme.name()));
    }
    let (path, query) = match location.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (location, String::new()),
    };
    if path.starts_with('/') {
        return Ok(format!("{from}{}{query}", without_dots(path)));
    }
    let uri: Uri = url.parse().map_err(|_| HostError::invalid(format!("the URL at {from} is none")))?;
    if !path.is_empty() {
        let folder = uri.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        return Ok(format!("{from}{}{query}", without_dots(&format!("{folder}/{path}"))));
    }
    let query = match uri.query() {
        Some(own) if query.is_empty() => format!("?{own}"),
        _ => query,
    };
    Ok(format!("{from}{}{query}", uri.path()))
}

/// Whether a scheme comes first. What looks like one later on belongs to the path or the query: `/login?next=https://..`.
fn has_scheme(location: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part)
    })
}

/// A path that begins with `/`, with its `.` and `..` resolved.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
        if segments.peek().is_none() && matches!(segment, "." | "..") {
            // A folder ends with its slash.
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::origin;

    #[test]
    fn redirects_lead_where_browsers_go() {
        let url = "http://a.example:8080/x/y/z?q#f";
        let here = "http://a.example:8080";
        let table = [
            ("https://b.example/q", "https://b.example/q"),
            ("HTTPS://b.example/q", "HTTPS://b.example/q"),
            ("//c.example/", "http://c.example/"),
            ("/root", "/root"),
            ("/", "/"),
            ("sibling", "/x/y/sibling"),
            ("sibling/?p", "/x/y/sibling/?p"),
            ("?page=2", "/x/y/z?page=2"),
            ("", "/x/y/z?q"),
            ("#there", "/x/y/z?q"),
            ("/login#top", "/login"),
            ("/login?next=https://x/", "/login?next=https://x/"),
            ("/a://b", "/a://b"),
            ("login?next=https://x/../y", "/x/y/login?next=https://x/../y"),
            ("?next=https://x/", "/x/y/z?next=https://x/"),
            (".", "/x/y/"),
            ("./g", "/x/y/g"),
            ("..", "/x/"),
            ("../g", "/x/g"),
            ("../../../g/./h/../i/", "/g/i/"),
            ("/a//b", "/a//b"),
        ];
        for (location, expected) in table {
            let expected =
                if expected.starts_with('/') { format!("{here}{expected}") } else { expected.to_owned() };
            assert_eq!(target(&origin(url).unwrap(), url, location).unwrap(), expected, "{location}");
        }
    }

    #[test]
    fn other_schemes_are_not_taken_for_paths() {
        let url = "http://a.example/x";
        for location in ["ftp://b.example/", "file:///etc/passwd", "javascript:alert(1)", "unix:/run/x.sock"]
        {
            let next = target(&origin(url).unwrap(), url, location).unwrap();
            assert!(origin(&next).is_err(), "{next}");
        }
    }
}
