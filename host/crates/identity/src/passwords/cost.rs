//! What one hash costs whoever makes it, us and those who guess alike.

use argon2::{Argon2, Params, Version};

/// Parameters of argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// OWASP's recommendation with the least memory that it considers as strong as the others (Password Storage
    /// Cheat Sheet): 19 MiB, 2 passes, 1 lane.
    pub const RECOMMENDED: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// The least that argon2 takes. Protects nothing.
    pub const FOR_TESTS: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    /// Whether a hash of this cost should be replaced by one of `wanted`.
    #[must_use]
    pub const fn is_below(&self, wanted: &Self) -> bool {
        self.memory_kib < wanted.memory_kib
            || self.passes < wanted.passes
            || self.lanes < wanted.lanes
    }

    /// Argon2id with these parameters and an output of 256 bits (RFC 9106, 3.1).
    pub(super) fn argon2(&self) -> argon2::Result<Argon2<'static>> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)?;
        Ok(Argon2::new(
            argon2::Algorithm::Argon2id,
            Version::V0x13,
            params,
        ))
    }
}

impl From<&Params> for Cost {
    fn from(params: &Params) -> Self {
        Self {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use argon2::{Algorithm, AssociatedData, ParamsBuilder};
    use stoa_kernel::hex::hex;

    use super::*;

    /// The known answer of RFC 9106, 5.3: this is the argon2id that everybody else means.
    #[test]
    fn the_known_answer_comes_out() {
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let argon2 =
            Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut out = [0; 32];
        argon2
            .hash_password_into(&[1; 32], &[2; 16], &mut out)
            .unwrap();
        assert_eq!(
            hex(&out),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }

    #[test]
    fn less_of_anything_is_below() {
        let wanted = Cost::RECOMMENDED;
        assert!(!wanted.is_below(&wanted));
        assert!(Cost::FOR_TESTS.is_below(&wanted));
        let more = Cost {
            passes: 3,
            ..wanted
        };
        assert!(wanted.is_below(&more) && !more.is_below(&wanted));
    }
}
