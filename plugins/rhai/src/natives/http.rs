//! HTTP requests.

use std::time::Duration;

use keepwatch_host::{HttpRequest, HttpResponse};
use rhai::{Dynamic, Engine, Map};

use super::{Result, octets, received};
use crate::duration::duration;
use crate::reach::{Reach, invalid};
use crate::values::to_json;

/// How long a request takes at most if it does not say; the deadline of the call holds in any case.
const WITHIN: Duration = Duration::from_secs(10);

/// `http_get(url)`, `http_post(url, body)`, `http(#{ method, url, headers, body, timeout, redirects })`.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let out = reach.clone();
    engine.register_fn("http_get", move |url: &str| send(&out, request("GET", url)));
    let out = reach.clone();
    engine.register_fn("http_post", move |url: &str, content: Dynamic| {
        let mut request = request("POST", url);
        body(&mut request, &content)?;
        send(&out, request)
    });
    let out = reach.clone();
    engine.register_fn("http", move |fields: Map| send(&out, described(&fields)?));
}

fn request(method: &str, url: &str) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        within: WITHIN,
        redirects: 0,
    }
}

fn described(fields: &Map) -> Result<HttpRequest> {
    let mut made = request("GET", "");
    // The body's type is only a suggestion: what the script says of headers comes first.
    if let Some(headers) = fields.get("headers") {
        let headers = headers.as_map_ref().map_err(|_| invalid("`headers` is a map from names to values"))?;
        made.headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    }
    for (key, value) in fields {
        match key.as_str() {
            "method" => made.method = value.to_string().to_ascii_uppercase(),
            "url" => made.url = value.to_string(),
            "headers" => {}
            "body" => body(&mut made, value)?,
            "timeout" => made.within = duration(value).map_err(invalid)?,
            "redirects" => {
                let number = value.as_int().ok().and_then(|number| u8::try_from(number).ok());
                made.redirects = number.ok_or_else(|| invalid("`redirects` is a number from 0 to 10"))?;
            }
            other => {
                let known = "method, url, headers, body, timeout and redirects";
                return Err(invalid(format!("a request has no `{other}`; it has {known}")));
            }
        }
    }
    if made.url.is_empty() {
        return Err(invalid("a request needs a `url`"));
    }
    Ok(made)
}

/// A text or a blob as it is; anything else as JSON.
fn body(request: &mut HttpRequest, content: &Dynamic) -> Result<()> {
    let kind = if content.is_blob() {
        None
    } else if content.is_string() || content.is_unit() {
        (!content.is_unit()).then_some("text/plain; charset=utf-8")
    } else {
        Some("application/json")
    };
    request.body = match kind {
        Some("application/json") => {
            let json =
                to_json(content).map_err(|why| invalid(format!("this cannot be sent as JSON: {why}")))?;
            json.to_string().into_bytes()
        }
        _ if content.is_unit() => Vec::new(),
        _ => octets(content),
    };
    let has_type = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(kind) = kind.filter(|_| !has_type) {
        request.headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    Ok(())
}

fn send(reach: &Reach, request: HttpRequest) -> Result<Map> {
    let HttpResponse { status, headers, body } = reach.wait(reach.host.http(request))?;
    let mut map = Map::new();
    map.insert("status".into(), i64::from(status).into());
    let mut named = Map::new();
    for (name, value) in headers {
        let known: Option<String> = named.get(name.as_str()).map(Dynamic::to_string);
        let value = known.map_or_else(|| value.clone(), |known| format!("{known}, {value}"));
        named.insert(name.as_str().into(), value.into());
    }
    map.insert("headers".into(), named.into());
    map.insert("body".into(), received(body));
    Ok(map)
}
