//! Where a request goes, at first and after redirects.

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use keepwatch_host::{Origin, origin};

use super::HttpCheck;
use crate::verdict::{Step, fail, unknown};

/// Where a request goes.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) origin: Origin,
    /// Path and query.
    path: String,
    way: Way,
}

/// How a request has come to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is where the settings say.
    Told,
    /// By redirects that lead to a host other than the one that the settings' headers are meant for.
    Elsewhere,
}

impl Target {
    pub(super) fn first(check: &HttpCheck) -> Step<Self> {
        let origin = origin(&check.url).map_err(|error| unknown(error.text))?;
        let path =
            path(&check.url).map_err(|()| unknown(format!("{origin}: the path of the URL is none")))?;
        Ok(Self { origin, path, way: Way::Told })
    }

    /// Where a redirect leads: a URL of its own, or a place at the same origin.
    pub(super) fn redirected(&self, to: &str) -> Step<Self> {
        let from = &self.origin;
        let url = if to.contains("://") {
            to.to_owned()
        } else if let Some(rest) = to.strip_prefix("//") {
            format!("{}://{rest}", from.scheme.name())
        } else if to.starts_with('/') {
            format!("{from}{to}")
        } else {
            let plain = self.path.split('?').next().unwrap_or(&self.path);
            let folder = plain.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{from}{folder}/{to}")
        };
        let wrong = || fail(format!("{from} redirects to what is no URL"));
        let origin = origin(&url).map_err(|_| wrong())?;
        let path = path(&url).map_err(|()| wrong())?;
        let way = if origin == *from { self.way } else { Way::Elsewhere };
        Ok(Self { origin, path, way })
    }

    pub(super) fn message(&self, check: &HttpCheck) -> Step<Request<Empty<Bytes>>> {
        let wrong =
            |what: &str| unknown(format!("{}: the {what} in the settings cannot be sent", self.origin));
        let method = Method::from_bytes(check.method.as_bytes()).map_err(|_| wrong("method"))?;
        let mut message = Request::builder().method(method).uri(self.path.as_str());
        let mut said = Vec::new();
        for (name, value) in &check.headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong("name of a header"))?;
            // Any header may hold a secret, and is meant for whom the settings name.
            if self.way == Way::Elsewhere && !name.as_str().starts_with("accept") {
                continue;
            }
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong("value of a header"))?;
            said.push(name.clone());
            message = message.header(name, value);
        }
        if !said.contains(&HOST) {
            let origin = self.origin.to_string();
            let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
            message = message.header(HOST, host);
        }
        if !said.contains(&USER_AGENT) {
            message = message.header(USER_AGENT, concat!("keepwatch/", env!("CARGO_PKG_VERSION")));
        }
        message.body(Empty::new()).map_err(|_| wrong("request"))
    }
}

/// The path and the query of an absolute URL.
fn path(url: &str) -> Result<String, ()> {
    let uri: Uri = url.parse().map_err(|_| ())?;
    Ok(uri.path_and_query().map_or("/", |path| path.as_str()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_where_browsers_go() {
        let first = Target::first(&HttpCheck::new("http://a.example:8080/x/y?z/w")).unwrap();
        for (to, origin, path) in [
            ("https://b.example/q", "https://b.example", "/q"),
            ("//c.example", "http://c.example", "/"),
            ("/root", "http://a.example:8080", "/root"),
            ("sibling?a", "http://a.example:8080", "/x/sibling?a"),
        ] {
            let target = first.redirected(to).unwrap();
            assert_eq!((target.origin.to_string().as_str(), target.path.as_str()), (origin, path), "{to}");
        }
        let error = first.redirected("mailto://x").unwrap_err();
        assert_eq!(error.text, "http://a.example:8080 redirects to what is no URL");
    }

    #[test]
    fn headers_are_for_those_they_are_meant_for() {
        let mut check = HttpCheck::new("http://a.example/");
        for (name, value) in [("Authorization", "secret"), ("Accept", "text/html"), ("Host", "b.example")] {
            check.headers.push((name.to_owned(), value.to_owned()));
        }
        let first = Target::first(&check).unwrap();
        let message = first.redirected("/same").unwrap().message(&check).unwrap();
        assert_eq!(message.headers().get("authorization").unwrap(), "secret");
        assert_eq!(message.headers().get("host").unwrap(), "b.example");
        // Once elsewhere, the way back does not bring them back.
        let away = first.redirected("http://c.example/").unwrap().redirected("http://a.example/").unwrap();
        let message = away.message(&check).unwrap();
        assert_eq!(message.headers().get("host").unwrap(), "a.example");
        assert_eq!(message.headers().get("accept").unwrap(), "text/html");
        assert!(message.headers().get("authorization").is_none());
    }
}
