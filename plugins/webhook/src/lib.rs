//! Webhooks: a transport of notifications over HTTP.
