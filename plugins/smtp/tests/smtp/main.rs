//! Mails handed to servers that the tests start on loopback: scripted ones for what goes wrong, and a real one.

mod real;
mod scripted;
mod support;
