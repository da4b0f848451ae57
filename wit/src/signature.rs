//! Signatures of a plugin's file: sections at its end, which are no part of what they sign.

use crate::component::{CUSTOM_ID, MalformedFile, sections};

/// Custom section of a component that holds one [`Signature`]: the key's 32 bytes and the signature's 64.
pub const SIGNATURE_SECTION: &str = "stoa:signature";

/// Signatures of one file: a vendor's and an operator's, and some while keys are being replaced.
pub const SIGNATURES_MAX: usize = 8;

/// Bytes of an Ed25519 public key (RFC 8032, 5.1.5).
pub const PUBLIC_KEY_BYTES: usize = 32;

/// Bytes of an Ed25519 signature (RFC 8032, 5.1.6).
pub const SIGNATURE_BYTES: usize = 64;

/// Somebody's word for a plugin's file. Nobody has checked it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The Ed25519 public key that is said to have signed.
    pub key: [u8; PUBLIC_KEY_BYTES],
    /// The Ed25519 signature over [`signed_text`].
    pub signature: [u8; SIGNATURE_BYTES],
}

/// Why a file has no signatures, not even none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSignatures {
    /// It can't be taken apart.
    #[error(transparent)]
    File(#[from] MalformedFile),
    /// A signature has another length than 96 bytes.
    #[error("a section {SIGNATURE_SECTION} is no signature")]
    NotASignature,
    /// Something follows a signature that is none.
    #[error("sections {SIGNATURE_SECTION} stand at the end of a file")]
    NotAtTheEnd,
    /// Too many signatures.
    #[error("a file has at most {SIGNATURES_MAX} signatures")]
    TooMany,
}

/// The text that is signed. `digest` is the SHA-256 of the file without signatures, in hex.
#[must_use]
pub fn signed_text(plugin: &str, version: &str, digest: &str) -> String {
    format!("stoa-plugin-v1\n{plugin}\n{version}\n{digest}\n")
}

/// A file's content, which is what its digest is of, and its signatures in their order.
///
/// # Errors
/// Every [`MalformedSignatures`].
pub fn split(file: &[u8]) -> Result<(&[u8], Vec<Signature>), MalformedSignatures> {
    let (mut content, mut signatures) = (file, Vec::new());
    for section in sections(file)? {
        let section = section?;
        if section.name != Some(SIGNATURE_SECTION.as_bytes()) {
            if !signatures.is_empty() {
                return Err(MalformedSignatures::NotAtTheEnd);
            }
            continue;
        }
        if signatures.is_empty() {
            content = section.before;
        }
        if signatures.len() == SIGNATURES_MAX {
            return Err(MalformedSignatures::TooMany);
        }
        let signature = Signature::from_bytes(section.content);
        signatures.push(signature.ok_or(MalformedSignatures::NotASignature)?);
    }
    Ok((content, signatures))
}

/// Adds a signature at the end of a file.
pub fn append(file: &mut Vec<u8>, signature: &Signature) {
    let name = SIGNATURE_SECTION.as_bytes();
    let length = 1 + name.len() + PUBLIC_KEY_BYTES + SIGNATURE_BYTES;
    const { assert!(1 + SIGNATURE_SECTION.len() + PUBLIC_KEY_BYTES + SIGNATURE_BYTES < 128) };
    // Lengths below 128 are one byte in LEB128.
    file.extend([CUSTOM_ID, length as u8, name.len() as u8]);
    file.extend(name);
    file.extend(signature.key);
    file.extend(signature.signature);
}

impl Signature {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, signature) = bytes.split_first_chunk()?;
        Some(Self {
            key: *key,
            signature: signature.try_into().ok()?,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::component::HEADER;

    fn component() -> Vec<u8> {
        let mut file = HEADER.to_vec();
        // A custom section `a` with 200 bytes, whose length takes two bytes.
        file.extend([0, 0xca, 0x01, 1, b'a']);
        file.extend([7; 200]);
        file
    }

    fn signature(of: u8) -> Signature {
        Signature {
            key: [of; PUBLIC_KEY_BYTES],
            signature: [of; SIGNATURE_BYTES],
        }
    }

    #[test]
    fn signatures_come_off_and_what_they_sign_is_as_before() {
        let content = component();
        assert_eq!(split(&content), Ok((&content[..], vec![])));
        let mut file = content.clone();
        append(&mut file, &signature(1));
        append(&mut file, &signature(2));
        let (bare, signatures) = split(&file).unwrap();
        assert_eq!(bare, content);
        assert_eq!(signatures, [signature(1), signature(2)]);
    }

    #[test]
    fn what_follows_a_signature_or_is_none_is_refused() {
        let mut file = component();
        append(&mut file, &signature(1));
        let mut followed = file.clone();
        followed.extend([0, 2, 1, b'a']);
        assert_eq!(split(&followed), Err(MalformedSignatures::NotAtTheEnd));
        let mut crowded = file.clone();
        for of in 0..SIGNATURES_MAX {
            append(&mut crowded, &signature(of as u8));
        }
        assert_eq!(split(&crowded), Err(MalformedSignatures::TooMany));
        let mut short = component();
        short.extend([0, 1 + 14, 14]);
        short.extend(SIGNATURE_SECTION.as_bytes());
        assert_eq!(split(&short), Err(MalformedSignatures::NotASignature));
    }

    #[test]
    fn rubbish_is_refused_wherever_it_is_cut() {
        let mut file = component();
        append(&mut file, &signature(1));
        let whole = split(&file).map(|(content, _)| content.len()).unwrap();
        for end in 0..file.len() {
            let cut = split(file.get(..end).unwrap());
            assert_eq!(cut.is_ok(), end == HEADER.len() || end == whole, "{end}");
        }
        for other in [&b"\x7fELF"[..], b"\0asm\x01\0\0\0", b"(component)", b""] {
            assert_eq!(split(other), Err(MalformedFile::NotAComponent.into()));
        }
        let endless = [HEADER, &[0, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(split(&endless), Err(MalformedFile::CutOff.into()));
    }

    #[test]
    fn the_text_that_is_signed_stays_as_it_is() {
        assert_eq!(
            signed_text("notes", "1.2.3", "00ff"),
            "stoa-plugin-v1\nnotes\n1.2.3\n00ff\n"
        );
    }
}
