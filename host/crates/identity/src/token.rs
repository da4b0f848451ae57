//! The secret that accepts an invitation. Only its digest is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stoa_kernel::random::Random;

use crate::digest::sha256;

/// Random bytes of a token: 256 bits, twice what can't be guessed.
const BYTES: usize = 32;

/// A fresh token, fit for a link.
pub(super) fn fresh(random: &dyn Random) -> String {
    let mut bytes = [0; BYTES];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of it. A plain digest will do: nobody can try all 2^256.
pub(super) fn stored(token: &str) -> String {
    sha256(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Random for Counting {
        fn fill(&self, into: &mut [u8]) {
            into.iter_mut().zip(0..).for_each(|(to, from)| *to = from);
        }
    }

    #[test]
    fn a_token_holds_all_of_its_random_bytes() {
        let token = fresh(&Counting);
        let bytes: Vec<u8> = (0..32).collect();
        assert_eq!(URL_SAFE_NO_PAD.decode(&token), Ok(bytes));
    }

    #[test]
    fn what_is_stored_is_the_sha_256_of_the_text() {
        assert_eq!(
            stored("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
