//! Mails handed to servers that the tests start on loopback: scripted ones for what goes wrong, and real ones.

mod postfix;
mod real;
mod scripted;
mod support;
