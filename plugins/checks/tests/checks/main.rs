//! The checks against servers, files and processes that the tests make themselves.

mod support;
mod tcp;
