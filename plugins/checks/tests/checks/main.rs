//! The checks against servers, files and processes that the tests make themselves.

mod dns;
mod file;
mod http;
mod https;
mod interface;
mod neighbour;
mod ping;
mod process;
mod support;
mod tcp;
mod unit;
mod unix;
