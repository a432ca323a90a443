//! Mail: a transport of notifications over SMTP.
