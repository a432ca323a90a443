//! Requests out of a stream of bytes.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Splits a stream into lines of limited length.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// What `next` has handed out and removes when it is called again.
    taken: usize,
    most: usize,
}

/// What came of waiting for a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read<'a> {
    /// A line, without its end.
    Line(&'a [u8]),
    /// More than the limit, without an end.
    TooLong,
    /// The client sends no more, or the connection broke. What it began to say is no request.
    End,
}

impl Lines {
    /// Lines of at most `most` bytes, without their end.
    pub(crate) const fn new(most: usize) -> Self {
        Self { buffer: Vec::new(), taken: 0, most }
    }

    /// Waits for the next line. What has been read stays if it is not waited for to the end.
    pub(crate) async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Read<'_> {
        self.buffer.drain(..std::mem::take(&mut self.taken));
        let mut seen = 0;
        loop {
            let end = self.buffer[seen..].iter().position(|byte| *byte == b'\n').map(|place| seen + place);
            match end {
                Some(end) if end <= self.most => {
                    self.taken = end + 1;
                    return Read::Line(&self.buffer[..end]);
                }
                None if self.buffer.len() <= self.most => {}
                _ => return Read::TooLong,
            }
            seen = self.buffer.len();
            match stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Read::End,
                Ok(_) => {}
            }
        }
    }

    /// Whether nothing of another line has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.len() == self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that comes of these bytes, read in portions.
    fn read(bytes: &[u8], portion: usize, most: usize) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let (mut ours, theirs) = tokio::net::UnixStream::pair().unwrap();
            let write = async {
                for portion in bytes.chunks(portion) {
                    theirs.writable().await.unwrap();
                    assert_eq!(theirs.try_write(portion).unwrap(), portion.len());
                    tokio::task::yield_now().await;
                }
                drop(theirs);
            };
            let read = async {
                let mut lines = Lines::new(most);
                let mut found = Vec::new();
                loop {
                    match lines.next(&mut ours).await {
                        Read::Line(line) => found.push(String::from_utf8(line.to_vec()).unwrap()),
                        other => {
                            found.push(format!("{other:?}"));
                            return found;
                        }
                    }
                }
            };
            tokio::join!(write, read).1
        })
    }

    #[test]
    fn lines_come_out_as_they_went_in_whatever_the_portions() {
        let rows: &[(&str, &[&str])] = &[
            ("", &["End"]),
            ("a\nbc\n", &["a", "bc", "End"]),
            ("\n\na", &["", "", "End"]),
            ("12345678\n", &["12345678", "End"]),
            ("123456789\n", &["TooLong"]),
            ("1\n123456789", &["1", "TooLong"]),
        ];
        for (bytes, expected) in rows {
            for portion in [1, 2, 3, 100] {
                assert_eq!(read(bytes.as_bytes(), portion, 8), *expected, "{bytes:?} by {portion}");
            }
        }
    }
}
