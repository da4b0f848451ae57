//! SHA-256 in hexadecimal, by which secrets are known and ids are made.

use aws_lc_rs::digest::{SHA256, digest};
use stoa_kernel::hex::hex;

/// The digest: 64 digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Its first bytes, two digits each.
pub(crate) fn sha256_start(length_bytes: usize, bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    hex(digest.as_ref().get(..length_bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_standards_and_its_start_the_same_digits() {
        // FIPS 180-4, the example of one block.
        let whole = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), whole);
        assert_eq!(sha256_start(4, b"abc"), "ba7816bf");
        assert_eq!(sha256_start(32, b"abc"), whole);
    }
}
