//! Ids that look like the services' own, and that no other run of a stand-in gives again.

use stoa_kernel::hex::hex;

/// An id such as `pi_0c3f…`: the prefix and so many random digits.
pub fn fresh(prefix: &str, digits: usize) -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness ids repeat, which a stand-in survives.
    let _ = getrandom::fill(&mut bytes);
    let random = hex(&bytes);
    format!("{prefix}_{}", random.get(..digits).unwrap_or(&random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_prefix_and_length_and_is_given_once() {
        let id = fresh("pi", 24);
        assert!(id.starts_with("pi_") && id.len() == 27, "{id}");
        assert_ne!(id, fresh("pi", 24));
    }
}
