//! `stoa:secrets/secrets`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stoa_kernel::outbound::BODY_BYTES_MAX;
use stoa_kernel::secret::Secret;
use stoa_wit::Permission;

use crate::bindings::stoa::secrets::secrets::{Error, Host};
use crate::grants::Capability;
use crate::services::Given;
use crate::state::State;

impl Host for State {
    async fn hmac_sha256(
        &mut self,
        name: String,
        message: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<Vec<u8>>, Error>> {
        let scope = self.charge(Capability::Secrets, name.len() + message.len())?;
        if !self.revision.package.manifest.secrets.contains_key(&name) {
            return Ok(Err(Error::Denied(format!(
                "plugin.toml does not list {name:?} under secrets"
            ))));
        }
        self.require(&Permission::secret(&name))?;
        if message.len() > BODY_BYTES_MAX {
            let reason = format!("a message of more than {BODY_BYTES_MAX} bytes");
            return Ok(Err(Error::Invalid(reason)));
        }
        let given = Given {
            layers: &self.revision.record.secrets,
            tenant: Some(&scope.request.tenant),
        };
        let Some(values) = self.revision.services.secret(&name, given) else {
            return Ok(Err(Error::Unset(name)));
        };
        let macs: Result<Vec<_>, _> = values.iter().map(|value| mac(value, &message)).collect();
        let macs = match macs {
            Ok(macs) => macs,
            Err(error) => return Ok(Err(Error::Invalid(error))),
        };
        self.charge_bytes(macs.iter().map(Vec::len).sum())?;
        Ok(Ok(macs))
    }

    async fn same(&mut self, a: Vec<u8>, b: Vec<u8>) -> wasmtime::Result<bool> {
        self.charge(Capability::Secrets, a.len() + b.len())?;
        // Both become texts of one length that depend on all of their bytes, so that comparing tells nothing.
        let key = Secret::new("same");
        let (Ok(a_mac), Ok(mut verifier)) = (
            mac(&key, &a),
            Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()),
        ) else {
            return Ok(false);
        };
        verifier.update(&b);
        Ok(verifier.verify_slice(&a_mac).is_ok())
    }
}

fn mac(key: &Secret, message: &[u8]) -> Result<Vec<u8>, String> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes());
    let mut mac = mac.map_err(|error| error.to_string())?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use stoa_kernel::hex::hex;

    use super::*;

    /// Vectors from the test suites of stripe-node, razorpay-node and razorpay-python.
    #[test]
    fn signatures_of_payment_services_come_out_as_they_sign() {
        for (key, message, expected) in [
            (
                "test_secret",
                "",
                "f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd",
            ),
            (
                "test_secret",
                r#"{"obj1":"hello","obj2":"world"}"#,
                "bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363",
            ),
            (
                "test_secret",
                "\u{1f600}",
                "837da296d05c4fe31f61d5d7ead035099d9585a5bcde87de952012a78f0b0c43",
            ),
            (
                "whsec_test_secret",
                "12345.{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}",
                "2672d138c9a412830f3bfe2ecc5bfb3277cf6f5b49d0119d77dd6cb64da1257e",
            ),
            (
                "123456",
                r#"{"a":1,"b":2,"c":{"d":3}}"#,
                "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc",
            ),
            (
                "key_secret",
                "fake_order_id|fake_payment_id",
                "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
            ),
            (
                "EnLs21M47BllR3X8PSFtjtbd",
                "order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l",
                "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
            ),
            (
                "EnLs21M47BllR3X8PSFtjtbd",
                "pay_IDZNwZZFtnjyym|sub_ID6MOhgkcoHj9I",
                "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693",
            ),
            (
                "EnLs21M47BllR3X8PSFtjtbd",
                "plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ",
                "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b",
            ),
        ] {
            let found = mac(&Secret::new(key), message.as_bytes()).unwrap();
            assert_eq!(hex(&found), expected, "{message}");
        }
    }
}
