//! Scripts that go wrong or mean harm.
