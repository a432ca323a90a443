//! Nothing but tests: the rules of the book's architecture page, checked.
