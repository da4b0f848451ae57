//! One evaluation of argon2.

use argon2::password_hash::{self, Output, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// What a hash is made of. Evaluated twice it comes to the same.
pub(super) struct Task {
    argon2: Argon2<'static>,
    password: Box<str>,
    salt: SaltString,
}

impl Task {
    /// A new hash of a password.
    pub(super) fn new(argon2: Argon2<'static>, password: &str, salt: SaltString) -> Self {
        Self {
            argon2,
            password: password.into(),
            salt,
        }
    }

    /// What a hash was made by, with this password.
    ///
    /// # Errors
    /// For what is no hash of argon2.
    pub(super) fn again(hash: &PasswordHash<'_>, password: &str) -> password_hash::Result<Self> {
        let version = hash.version.map(Version::try_from).transpose()?;
        let salt = hash.salt.ok_or(password_hash::Error::PhcStringField)?;
        let argon2 = Argon2::new(
            Algorithm::try_from(hash.algorithm)?,
            version.unwrap_or_default(),
            Params::try_from(hash)?,
        );
        Ok(Self::new(
            argon2,
            password,
            SaltString::from_b64(salt.as_str())?,
        ))
    }

    /// Blocks of memory that it takes.
    pub(super) fn blocks(&self) -> usize {
        self.argon2.params().block_count()
    }

    /// Computes for long.
    ///
    /// # Errors
    /// For a password or a salt of a length that argon2 does not take.
    pub(super) fn compute(&self) -> password_hash::Result<Output> {
        self.compute_in(&mut vec![Block::default(); self.blocks()])
    }

    /// The same, in at least so many [blocks](Self::blocks). What they hold does not matter.
    ///
    /// # Errors
    /// Those of [`compute`](Self::compute).
    pub(super) fn compute_in(&self, memory: &mut [Block]) -> password_hash::Result<Output> {
        let mut salt = [0; Salt::MAX_LENGTH];
        let salt = self.salt.decode_b64(&mut salt)?;
        let bytes = self.argon2.params().output_len();
        Output::init_with(bytes.unwrap_or(Params::DEFAULT_OUTPUT_LEN), |output| {
            let password = self.password.as_bytes();
            Ok(self
                .argon2
                .hash_password_into_with_memory(password, salt, output, memory)?)
        })
    }
}
