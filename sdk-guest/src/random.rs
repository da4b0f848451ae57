//! Unpredictable bytes and ids. Remembered by the host: a request that runs again is told the same ones.

/// Cryptographically secure bytes, at most 4,096.
#[must_use]
pub fn bytes(len: u32) -> Vec<u8> {
    crate::host::random::bytes(len)
}

/// A fresh ULID: 26 characters that sort by the time of creation.
#[must_use]
pub fn ulid() -> String {
    crate::host::random::ulid()
}
